import fc from 'fast-check';
import { pipelineEnv, runPipeline } from 's3-log-extraction/pipeline';
import { describe, expect, it } from 'vitest';
import { type History, histories, notificationsOf, withExists } from '../support/usage-history.js';
import {
  BEGIN,
  END,
  type Fields,
  type Notification,
  notification,
  novaTime,
  parsed,
  written,
} from '../support/usage-notifications.js';
import { ERROR_CODES } from './usage/audit.js';
import type { Verdict } from './usage/event.js';
import { HOUR, type Instant } from './usage/instant.js';
import { usageHandler } from './usage/usage-handler.js';

/** One thing gone wrong with a day that was right; undefined where it could not have. */
type Mutation = (history: History, choice: number) => History | undefined;

const BROKEN: Fields = { tenant_id: 'x', instance_type_id: 99, os_version: 'x', rax_options: null };

const MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  U0: [
    (day, choice) =>
      withExists(day, { audit_period_ending: choice % 2 ? END - HOUR : END + 24 * HOUR }),
    (day) =>
      withExists(day, { audit_period_beginning: BEGIN + HOUR, audit_period_ending: END + HOUR }),
    (day) => withExists(day, { audit_period_beginning: null }),
  ],
  U1: [(day, choice) => withExists(day, { launched_at: choice % 2 ? null : '' })],
  U2: [
    (day, choice) => (day.launches.length > 0 ? withExists(day, broken(choice)) : undefined),
    (day, choice) => {
      const last = day.launches.at(-1);
      if (last === undefined) return undefined;
      const bad = { ...last, fields: { ...last.fields, ...broken(choice) } };
      return { ...day, launches: [...day.launches.slice(0, -1), bad] };
    },
    (day, choice) => {
      if (day.deletes.length === 0) return undefined;
      const [{ fields, ...one }] = day.deletes;
      const field = choice % 2 ? 'launched_at' : 'deleted_at';
      return { ...day, deletes: [{ ...one, fields: { ...fields, [field]: END - choice - 7777 } }] };
    },
    (day) => {
      const at = day.exists.fields.launched_at as Instant;
      return day.launches.length > 0 ? withExists(day, { launched_at: at - 1 }) : undefined;
    },
  ],
  U3: [
    (day, choice) =>
      hasDeletion(day)
        ? withExists(day, { state: ['active', 'DELETED', null, 'soft-delete'][choice % 4] })
        : undefined,
  ],
  U4: [
    (day, choice) => {
      if (!hasDeletion(day)) return undefined;
      const deleted_at = (day.exists.fields.launched_at as Instant) - 1 - choice;
      const deletes = day.deletes.map((one) => ({ ...one, fields: { ...one.fields, deleted_at } }));
      return { ...withExists(day, { deleted_at }), deletes };
    },
  ],
  U5: [(day) => (day.deletes.length > 0 ? { ...day, deletes: [] } : undefined)],
  U6: [
    (day, choice) =>
      day.deletes.length > 0
        ? withExists(day, { deleted_at: choice % 2 ? null : '', state: 'active' })
        : undefined,
    (day) => (day.deletes.length > 0 ? withExists(day, { deleted_at: undefined }) : undefined),
  ],
  U7: [
    (day, choice) => {
      if (day.deletes.length === 0) return undefined;
      const { timestamp, fields } = day.deletes[0];
      const deleted_at = (fields.deleted_at as Instant) + (choice % 3);
      const at = timestamp + (choice % 2 ? 1 : -1);
      const more = notification('delete.end', at, { ...fields, deleted_at });
      return { ...day, deletes: [...day.deletes, more] };
    },
  ],
  U8: [(day) => (day.launches.length > 0 ? { ...day, launches: [] } : undefined)],
};

function broken(choice: number): Fields {
  const [name, value] = Object.entries(BROKEN)[choice % Object.keys(BROKEN).length];
  return { [name]: value };
}

function hasDeletion({ exists }: History): boolean {
  return exists.fields.deleted_at !== undefined;
}

/** In any order, some of them again, times written in different ways. */
const deliveries = (notifications: readonly Notification[]) => {
  const all = fc.shuffledSubarray([...notifications], { minLength: notifications.length });
  return fc
    .tuple(all, fc.shuffledSubarray([...notifications]), fc.array(fc.nat({ max: 3 })))
    .map(([first, again, styles]) =>
      [...first, ...again].map((one, index) => written(one, TIME_STYLES[styles[index] ?? 0])),
    );
};

const TIME_STYLES = [
  novaTime,
  (at: Instant) => `${novaTime(at).replace(' ', 'T')}Z`,
  (at: Instant) => `${novaTime(at + 5.5 * HOUR).replace(' ', 'T')}+05:30`,
  (at: Instant) => `${novaTime(at - 3 * HOUR)}-0300`,
];

async function verdictOf(lines: readonly string[]): Promise<Verdict> {
  const events = lines.map(parsed);
  const result = await runPipeline([usageHandler], events, pipelineEnv('the stream'));
  expect(result.slice(0, -1)).toEqual(events);
  expect(result).toHaveLength(events.length + 1);
  return result[events.length] as Verdict;
}

const withLines = (arbitrary: fc.Arbitrary<History>) =>
  arbitrary.chain((history) => deliveries(notificationsOf(history)));

const RUNS = { numRuns: 400 };

describe('any right day', () => {
  it('is verified by one event', async () => {
    await fc.assert(
      fc.asyncProperty(withLines(histories), async (lines) => {
        expect(await verdictOf(lines)).toMatchObject({
          event_type: 'compute.instance.exists.verified',
          error_code: null,
        });
      }),
      RUNS,
    );
  });

  it.each(
    Object.entries(MUTATIONS).flatMap(([code, all]) =>
      all.map((mutate, index) => [code, index + 1, mutate] as const),
    ),
  )('has %s, and no other code, when it goes wrong (way %i)', async (code, _, mutate) => {
    const wrong = fc
      .tuple(histories, fc.nat({ max: 11 }))
      .map(([history, choice]) => mutate(history, choice))
      .filter((history) => history !== undefined);
    await fc.assert(
      fc.asyncProperty(withLines(wrong), async (lines) => {
        expect(await verdictOf(lines)).toMatchObject({
          event_type: 'compute.instance.exists.failed',
          error_code: code,
        });
      }),
      RUNS,
    );
  });

  it('can go wrong in each way that has a code', () => {
    expect(Object.keys(MUTATIONS)).toEqual(ERROR_CODES);
  });

  it('has the same verdict in whatever order it is told', async () => {
    const twice = histories.chain((history) => {
      const all = notificationsOf(history);
      return fc.tuple(deliveries(all), deliveries(all));
    });
    await fc.assert(
      fc.asyncProperty(twice, async ([one, other]) => {
        expect(await verdictOf(one)).toEqual(await verdictOf(other));
      }),
      RUNS,
    );
  });
});

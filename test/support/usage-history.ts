import fc from 'fast-check';
import { HOUR, type Instant } from '../examples/usage/instant.js';
import {
  BEGIN,
  CORE,
  END,
  existsRecord,
  type Fields,
  type Notification,
  notification,
} from './usage-notifications.js';

/** A day of an instance, as it happened. */
export interface History {
  readonly exists: Notification;
  /** By time; the last one agrees with the record. */
  readonly launches: readonly Notification[];
  readonly deletes: readonly Notification[];
  readonly others: readonly Notification[];
}

const instants = (from: Instant, to: Instant) => fc.integer({ min: from, max: to - 1 });

const details = fc.record({
  instance_type_id: fc.integer({ min: 1, max: 9 }),
  os_version: fc.constantFrom('12.04', '14.04', null),
  os_distro: fc.constantFrom('org.ubuntu', 'com.ünïcode', ''),
});

const RELAUNCHES = [
  'rebuild.end',
  'finish_resize.end',
  'resize.revert.end',
  'rescue.end',
  'unshelve.end',
];

/** What the audit does not look at, or not as evidence: whatever it says must change nothing. */
const other: fc.Arbitrary<Notification> = fc
  .record({
    type: fc.constantFrom(
      'create.start',
      'rebuild.start',
      'resize.prep.end',
      'reboot.end',
      'update',
      'delete.start',
      'exists',
    ),
    timestamp: instants(BEGIN, END),
    launched_at: fc.option(instants(BEGIN - 999 * HOUR, END)),
    deleted_at: fc.option(instants(BEGIN, END)),
    tenant_id: fc.constantFrom('814554', 'other'),
    periodHours: fc.constantFrom(1, 23, 25),
  })
  .map(({ type, timestamp, periodHours, ...fields }) =>
    notification(type, timestamp, {
      ...fields,
      audit_period_beginning: BEGIN,
      audit_period_ending: BEGIN + periodHours * HOUR,
    }),
  );

/** Days that must be verified. */
export const histories: fc.Arbitrary<History> = fc
  .record({
    before: instants(BEGIN - 9999 * HOUR, BEGIN),
    created: fc.boolean(),
    /** When something was launched that day, and with which details. */
    times: fc.uniqueArray(
      fc.oneof(instants(BEGIN, END), fc.constantFrom(BEGIN, BEGIN + 1, END - 1)),
      { maxLength: 4 },
    ),
    details: fc.array(details, { minLength: 5, maxLength: 5 }),
    types: fc.array(fc.constantFrom(...RELAUNCHES), { minLength: 4, maxLength: 4 }),
    deletion: fc.constantFrom('none', 'in the period', 'after it'),
    /** Where between the last launch and the end of the day. */
    part: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    state: fc.constantFrom('active', 'stopped', 'rescued', 'error'),
    others: fc.array(other, { maxLength: 5 }),
  })
  .map((day) => {
    const times = [...day.times].sort((a, b) => a - b);
    const launches = times.map((launched_at, index) =>
      notification(
        day.created && index === 0 ? 'create.end' : day.types[index],
        // Told of after the day, at times, and after what came next never.
        Math.min(launched_at + HOUR / 60, times[index + 1] ?? Infinity),
        { ...day.details[index], launched_at, state: 'active' },
      ),
    );
    const launched_at = times.at(-1) ?? day.before;
    const from = Math.max(launched_at, BEGIN);
    const deleted_at = {
      none: undefined,
      'in the period': from + Math.floor(day.part * (END - from)),
      'after it': END + Math.floor(day.part * HOUR),
    }[day.deletion];
    const ended: Fields = deleted_at === undefined ? {} : { deleted_at, state: 'deleted' };
    const fields = { ...(launches.at(-1)?.fields ?? CORE), launched_at };
    return {
      exists: existsRecord({ ...fields, state: day.state, ...ended }),
      launches,
      deletes:
        day.deletion === 'in the period'
          ? [notification('delete.end', (deleted_at ?? 0) + 1, { ...fields, ...ended })]
          : [],
      others: day.others,
    };
  });

export function withExists(history: History, fields: Fields): History {
  const { exists } = history;
  return { ...history, exists: { ...exists, fields: { ...exists.fields, ...fields } } };
}

export function notificationsOf(history: History): Notification[] {
  return [...history.launches, ...history.deletes, ...history.others, history.exists];
}

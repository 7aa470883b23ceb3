import { readFileSync } from 'node:fs';
import { pipelineEnv, runPipeline } from 's3-log-extraction/pipeline';
import { describe, expect, it } from 'vitest';
import {
  BEGIN,
  END,
  eventsOf,
  existsRecord,
  type Fields,
  INSTANCE,
  type Notification,
  notification,
  parsed,
  written,
} from '../support/usage-notifications.js';
import { auditStream, ERROR_CODES } from './usage/audit.js';
import type { UsageEvents, Verdict } from './usage/event.js';
import { HOUR } from './usage/instant.js';
import { usageHandler } from './usage/usage-handler.js';

const LAUNCHED = BEGIN + 3 * HOUR;
const EARLIER = BEGIN - 100 * HOUR;
const DELETED = BEGIN + 20 * HOUR + 1;

const created = (fields: Fields = {}) =>
  notification('create.end', LAUNCHED + 1, { launched_at: LAUNCHED, state: 'active', ...fields });
const deleted = (fields: Fields = {}) =>
  notification('delete.end', DELETED + 1, {
    launched_at: LAUNCHED,
    deleted_at: DELETED,
    state: 'deleted',
    ...fields,
  });
const gone = { launched_at: LAUNCHED, deleted_at: DELETED, state: 'deleted' };

function audit(...notifications: Notification[]): Verdict {
  return auditStream(eventsOf(notifications), 'the stream') as Verdict;
}

const VALID: readonly [string, readonly Notification[]][] = [
  ['nothing happened that day', [existsRecord({ launched_at: EARLIER })]],
  ['launched that day', [created(), existsRecord({ launched_at: LAUNCHED })]],
  ['launched and deleted that day', [created(), deleted(), existsRecord(gone)]],
  [
    'deleted that day',
    [deleted({ launched_at: EARLIER }), existsRecord({ ...gone, launched_at: EARLIER })],
  ],
];

const INVALID: readonly [string, string, readonly Notification[]][] = [
  ['U0', 'no .exists record', [created()]],
  ['U1', 'no launched_at', [existsRecord({})]],
  ['U1', 'an empty launched_at', [existsRecord({ launched_at: '' })]],
  ['U2', 'a launch at another time', [created(), existsRecord({ launched_at: LAUNCHED + 1 })]],
  ['U2', 'a launch for another tenant', [created(), exists({ tenant_id: '1' })]],
  ['U2', 'a launch of another type', [created({ instance_type_id: 7 }), exists()]],
  ['U2', 'a launch of another system', [created(), exists({ os_distro: 'com.ubuntu' })]],
  ['U2', 'a launch of another version', [created({ os_version: null }), exists()]],
  ['U2', 'a launch of another architecture', [created(), exists({ os_architecture: undefined })]],
  ['U2', 'a launch with other options', [created(), exists({ rax_options: '1' })]],
  ['U2', 'a deletion at another time', [created(), deleted({ deleted_at: DELETED + 1 }), ended()]],
  ['U2', 'a deletion of another launch', [created(), deleted({ launched_at: EARLIER }), ended()]],
  ['U3', 'deleted_at and another state', [created(), deleted(), ended({ state: 'active' })]],
  [
    'U4',
    'a deletion before the launch',
    [created(), deleted({ deleted_at: LAUNCHED - 1 }), ended({ deleted_at: LAUNCHED - 1 })],
  ],
  ['U5', 'a deletion that day without its event', [created(), ended()]],
  ['U6', 'a delete event and no deleted_at', [created(), deleted(), exists()]],
  ['U7', 'two deletions', [created(), deleted(), deleted(), ended()]],
  [
    'U7',
    'two deletions at different times',
    [created(), deleted(), deleted({ deleted_at: DELETED + 9 }), ended()],
  ],
  [
    'U7',
    'two deletions, the first one at another time',
    [created(), deleted({ deleted_at: DELETED - 9 }), deleted(), ended()],
  ],
  ['U8', 'a launch that day without its event', [exists()]],
  [
    'U8',
    'a launch that day with other events only',
    [notification('reboot.end', DELETED, { launched_at: LAUNCHED }), exists()],
  ],
];

function exists(fields: Fields = {}) {
  return existsRecord({ launched_at: LAUNCHED, ...fields });
}

function ended(fields: Fields = {}) {
  return existsRecord({ ...gone, ...fields });
}

describe('an end-of-day record', () => {
  it.each(VALID)('is verified when %s', (_, notifications) => {
    const record = notifications[notifications.length - 1];
    const verdict = audit(...notifications);
    expect(verdict).toMatchObject({
      event_type: 'compute.instance.exists.verified',
      error_code: null,
      error: null,
      original_message_id: record.id,
      timestamp: record.timestamp,
      persisted: false,
    });
    expect(verdict.payload).toEqual(eventsOf([record])[0].payload);
  });

  it.each(INVALID)('is %s for %s', (code, _, notifications) => {
    const record = notifications[notifications.length - 1];
    expect(audit(...notifications)).toMatchObject({
      event_type: 'compute.instance.exists.failed',
      error_code: code,
      error: expect.stringMatching(/^There |^The /),
      original_message_id: code === 'U0' ? null : record.id,
      payload: { instance_id: INSTANCE },
    });
  });

  it('has a case for each code, and a row in the README in the order of precedence', () => {
    expect([...new Set(INVALID.map(([code]) => code))]).toEqual(ERROR_CODES);
    const readme = readFileSync(new URL('usage/README.md', import.meta.url), 'utf8');
    expect([...readme.matchAll(/^\| (U\d) \|/gm)].map((match) => match[1])).toEqual(ERROR_CODES);
  });

  it('lists the first of several errors', () => {
    const noLaunch = { launched_at: null };
    expect(audit(created(), deleted(), existsRecord(noLaunch)).error_code).toBe('U1');
    expect(audit(created(), deleted(), deleted(), exists({ tenant_id: '1' })).error_code).toBe(
      'U2',
    );
    expect(audit(ended({ state: 'error', deleted_at: EARLIER })).error_code).toBe('U3');
    expect(audit(ended({ deleted_at: LAUNCHED - 1 })).error_code).toBe('U4');
    expect(audit(ended()).error_code).toBe('U5');
    expect(audit(created(), deleted(), deleted(), exists()).error_code).toBe('U6');
    expect(audit(deleted(), deleted(), ended()).error_code).toBe('U7');
    expect(audit(deleted(), ended()).error_code).toBe('U8');
  });

  it('is the one from midnight to midnight, UTC', () => {
    const periods = [
      [BEGIN, BEGIN + HOUR],
      [BEGIN + HOUR, END + HOUR],
      [BEGIN, END - 1],
      [BEGIN + 1, END + 1],
      [BEGIN, END + 24 * HOUR],
      [END, BEGIN],
      [BEGIN, undefined],
      [undefined, END],
    ];
    for (const [audit_period_beginning, audit_period_ending] of periods) {
      const other = existsRecord({
        launched_at: LAUNCHED,
        tenant_id: 'not looked at',
        audit_period_beginning,
        audit_period_ending,
      });
      expect(audit(created(), other).error_code).toBe('U0');
      expect(audit(created(), other, exists()).error_code).toBeNull();
    }
    const line = written(exists())
      .replace('"2015-01-22 00:00:00"', '"2015-01-22T00:00:00+02:00"')
      .replace('"2015-01-23 00:00:00"', '"2015-01-23T00:00:00+02:00"');
    expect(auditStream([parsed(line)], 's')).toMatchObject({ error_code: 'U0' });
  });

  it('is the last one that was sent', () => {
    const wrong = exists({ tenant_id: '1' });
    const again = { ...exists(), timestamp: wrong.timestamp + 1 };
    expect(audit(created(), wrong, again).original_message_id).toBe(again.id);
    expect(audit(again, wrong, created()).error_code).toBeNull();
  });

  it('has a period that holds its beginning and not its end', () => {
    const launch = (launched_at: number) => audit(existsRecord({ launched_at })).error_code;
    expect([BEGIN - 1, BEGIN, END - 1, END].map(launch)).toEqual([null, 'U8', 'U8', null]);
    const deletion = (deleted_at: number) =>
      audit(existsRecord({ launched_at: EARLIER, deleted_at, state: 'deleted' })).error_code;
    expect([BEGIN - 1, BEGIN, END - 1, END].map(deletion)).toEqual([null, 'U5', 'U5', null]);
  });

  it('is compared with the last launch of the day', () => {
    const rebuilt = notification('rebuild.end', LAUNCHED + 2 * HOUR, {
      launched_at: LAUNCHED + HOUR,
      os_version: '14.04',
    });
    const record = exists({ launched_at: LAUNCHED + HOUR, os_version: '14.04' });
    expect(audit(rebuilt, created(), record).error_code).toBeNull();
    expect(audit(rebuilt, created(), exists()).error_code).toBe('U2');
  });

  it('may be written with other zones', () => {
    const zone = (line: string) =>
      line.replace('"2015-01-22 03:00:00"', '"2015-01-22T08:30:00.000000000+05:30"');
    const lines = [written(created()), zone(written(exists()))];
    expect(lines[1]).toContain('+05:30');
    expect(auditStream(lines.map(parsed), 's')).toMatchObject({ error_code: null });
  });

  it('is deleted once, however often that was delivered', () => {
    const one = deleted();
    expect(audit(one, created(), one, ended(), one).error_code).toBeNull();
  });

  it('is in the stream of one instance and one day, whose messages do not change', () => {
    const one = created();
    const changed = { ...one, fields: { ...one.fields, tenant_id: '2' } };
    expect(() => audit(one, changed)).toThrow('different contents');
    const other = { ...one, id: 'other', fields: { ...one.fields, instance_id: 'other' } };
    expect(() => audit(one, other)).toThrow('several instances');
    const period = { audit_period_beginning: END, audit_period_ending: 2 * END - BEGIN };
    expect(() => audit(exists(), exists(period))).toThrow('several days');
  });
});

describe('the usage handler', () => {
  const run = (events: UsageEvents, stream = 's') =>
    runPipeline([usageHandler], events, pipelineEnv(stream));

  it('adds one event with an id of its own, and changes none', async () => {
    const events = eventsOf([created(), exists()]);
    const before = structuredClone(events);
    const result = await run(events);
    expect(result.slice(0, -1)).toEqual(before);
    expect(result).toHaveLength(3);
    expect(result[2].message_id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-/);
    const again = await run(eventsOf([created(), exists()]), 'other');
    expect(again[2].message_id).not.toBe(result[2].message_id);
    expect((await run(events))[2]).toEqual(result[2]);
  });

  it('says nothing of no events, nor of verdicts', async () => {
    expect(await run([])).toEqual([]);
    const verdicts = (await run(eventsOf([exists()]))).slice(1);
    expect(await run(verdicts)).toEqual(verdicts);
  });

  it('has another id for another verdict', () => {
    const record = exists();
    expect(audit(record).message_id).not.toBe(audit(record, created()).message_id);
  });
});

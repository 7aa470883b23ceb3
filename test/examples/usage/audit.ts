import { createHash } from 'node:crypto';
import {
  DELETE,
  EXISTS,
  FAILED,
  LAUNCHES,
  type Payload,
  TEXT_FIELDS,
  TIME_FIELDS,
  type UsageEvent,
  type UsageEvents,
  VERIFIED,
  type Verdict,
} from './event.js';
import { DAY, type Instant } from './instant.js';

/** What a launching event and the .exists record must agree on. Absent is a value: it agrees with absent only. */
export const CORE_FIELDS = [
  'launched_at',
  'instance_type_id',
  'tenant_id',
  'os_architecture',
  'os_distro',
  'os_version',
  'rax_options',
] as const;

/** The same of a delete event. */
export const DELETE_FIELDS = ['launched_at', 'deleted_at'] as const;

/** What the checks look at: one instance on one day. */
interface InstanceDay {
  readonly exists: Payload;
  /** By time. An instance may be launched several times, only the last one has to agree. */
  readonly launches: UsageEvents;
  readonly deletes: UsageEvents;
}

interface Check {
  readonly code: string;
  /** What is wrong, if this is: names of fields, never their values. */
  finds(day: InstanceDay): string | undefined;
}

/** The code of a stream without an end-of-day record, which no other check can say anything of. */
const NO_EXISTS = { code: 'U0', error: 'There is no end-of-day .exists record.' } as const;

/** In the order in which they are made: the first one that finds something gives its code, so that there is one error at most. */
const CHECKS: readonly Check[] = [
  {
    code: 'U1',
    finds: ({ exists }) =>
      exists.launched_at === undefined ? 'The .exists record has no launched_at.' : undefined,
  },
  {
    code: 'U2',
    finds: ({ exists, launches, deletes }) => {
      const launch = launches.at(-1);
      // Without deleted_at it is U6, and of several deletes (U7) none is the one to compare with.
      const [deletion] = deletes.length === 1 && exists.deleted_at !== undefined ? deletes : [];
      return (
        (launch && conflict(exists, launch, CORE_FIELDS)) ??
        (deletion && conflict(exists, deletion, DELETE_FIELDS))
      );
    },
  },
  {
    code: 'U3',
    finds: ({ exists }) =>
      exists.deleted_at !== undefined && exists.state !== 'deleted'
        ? 'The .exists record has deleted_at, but its state is not deleted.'
        : undefined,
  },
  {
    code: 'U4',
    finds: ({ exists: { deleted_at, launched_at } }) =>
      deleted_at !== undefined && launched_at !== undefined && deleted_at < launched_at
        ? 'The .exists record has a deleted_at before its launched_at.'
        : undefined,
  },
  {
    code: 'U5',
    finds: ({ exists, deletes }) =>
      inPeriod(exists.deleted_at, exists) && deletes.length === 0
        ? 'The .exists record has a deleted_at in the audit period, but there is no delete event.'
        : undefined,
  },
  {
    code: 'U6',
    finds: ({ exists, deletes }) =>
      exists.deleted_at === undefined && deletes.length > 0
        ? 'There is a delete event, but the .exists record has no deleted_at.'
        : undefined,
  },
  {
    code: 'U7',
    finds: ({ deletes }) => (deletes.length > 1 ? 'There are several delete events.' : undefined),
  },
  {
    code: 'U8',
    finds: ({ exists, launches }) =>
      inPeriod(exists.launched_at, exists) && launches.length === 0
        ? 'The .exists record has a launched_at in the audit period, but there is no launching event.'
        : undefined,
  },
];

/** All codes, in order of precedence. */
export const ERROR_CODES: readonly string[] = [NO_EXISTS.code, ...CHECKS.map(({ code }) => code)];

/**
 * Audit a stream: all events of one instance on one day, in any order, however often each was delivered.
 *
 * @param stream its name, which goes into the id of the verdict
 * @returns undefined when there are no events, so that there is nothing to say anything of
 * @throws Error when these are not the events of one instance and one day
 */
export function auditStream(events: UsageEvents, stream: string): Verdict | undefined {
  const distinct = distinctEvents(events);
  const last = distinct.at(-1);
  if (last === undefined) return undefined;
  if (distinct.some(({ payload }) => payload.instance_id !== last.payload.instance_id)) {
    throw new Error('there are events of several instances');
  }
  const exists = endOfDayExists(distinct);
  if (exists === undefined) return verdictOf(stream, last, null, NO_EXISTS);
  const day: InstanceDay = {
    exists: exists.payload,
    launches: distinct.filter((event) => LAUNCHES.has(event.event_type)),
    deletes: distinct.filter((event) => event.event_type === DELETE),
  };
  for (const { code, finds } of CHECKS) {
    const error = finds(day);
    if (error !== undefined) return verdictOf(stream, exists, exists.message_id, { code, error });
  }
  return verdictOf(stream, exists, exists.message_id);
}

/** Whether it is of a whole day. Nova sends others at each change of an instance, or by the hour. */
export function isEndOfDay({ event_type, payload }: UsageEvent): boolean {
  const { audit_period_beginning: from, audit_period_ending: to } = payload;
  if (event_type !== EXISTS || from === undefined || to === undefined) return false;
  return from % DAY === 0 && to - from === DAY;
}

/** The last one that was sent: a record may be sent anew, with what has become known since. */
function endOfDayExists(distinct: UsageEvents): UsageEvent | undefined {
  const all = distinct.filter(isEndOfDay);
  const exists = all.at(-1);
  const from = exists?.payload.audit_period_beginning;
  if (all.some(({ payload }) => payload.audit_period_beginning !== from)) {
    throw new Error('there are .exists records of several days');
  }
  return exists;
}

/** Each message once, by time, so that the order and number of deliveries make no difference. */
function distinctEvents(events: UsageEvents): UsageEvent[] {
  const byId = new Map<string, UsageEvent>();
  for (const event of events) {
    if (event.event_type === VERIFIED || event.event_type === FAILED) continue;
    const known = byId.get(event.message_id);
    if (known !== undefined && !sameContent(known, event)) {
      throw new Error('a message was delivered with different contents');
    }
    byId.set(event.message_id, event);
  }
  return [...byId.values()].sort(
    (a, b) => a.timestamp - b.timestamp || (a.message_id < b.message_id ? -1 : 1),
  );
}

function sameContent(a: UsageEvent, b: UsageEvent): boolean {
  return (
    a.event_type === b.event_type &&
    a.timestamp === b.timestamp &&
    a.payload.instance_id === b.payload.instance_id &&
    [...TIME_FIELDS, ...TEXT_FIELDS].every((field) => a.payload[field] === b.payload[field])
  );
}

function conflict(
  exists: Payload,
  { event_type, payload }: UsageEvent,
  fields: readonly (keyof Payload)[],
): string | undefined {
  const field = fields.find((name) => exists[name] !== payload[name]);
  return field && `The ${field} of ${event_type} is not that of the .exists record.`;
}

/** Whether it is in the audit period, whose end belongs to the next one. */
function inPeriod(instant: Instant | undefined, exists: Payload): boolean {
  const { audit_period_beginning: from, audit_period_ending: to } = exists;
  if (instant === undefined || from === undefined || to === undefined) return false;
  return from <= instant && instant < to;
}

function verdictOf(
  stream: string,
  { timestamp, payload }: UsageEvent,
  original: string | null,
  { code, error }: { readonly code: string | null; readonly error: string | null } = {
    code: null,
    error: null,
  },
): Verdict {
  return {
    event_type: code === null ? VERIFIED : FAILED,
    message_id: nameBasedId([stream, original, code, error]),
    timestamp,
    payload: original === null ? { instance_id: payload.instance_id } : { ...payload },
    persisted: false,
    original_message_id: original,
    error_code: code,
    error,
  };
}

/**
 * An id that nothing else has, and that the same verdict on the same record gets again: a stream that is tried again after a crash is not
 * saved twice. A UUID of version 8, from SHA-256.
 */
function nameBasedId(parts: readonly (string | null)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  hash[6] = (hash[6] & 0x0f) | 0x80;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

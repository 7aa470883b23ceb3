import { type Instant, parseInstant } from './instant.js';

export const EXISTS = 'compute.instance.exists';
export const VERIFIED = 'compute.instance.exists.verified';
export const FAILED = 'compute.instance.exists.failed';
export const DELETE = 'compute.instance.delete.end';

/** What gives an instance a new `launched_at`. Nova sends each of these when it has set it. */
export const LAUNCHES: ReadonlySet<string> = new Set([
  'compute.instance.create.end',
  'compute.instance.rebuild.end',
  'compute.instance.finish_resize.end',
  'compute.instance.resize.revert.end',
  'compute.instance.rescue.end',
  'compute.instance.unshelve.end',
]);

export const TIME_FIELDS = [
  'audit_period_beginning',
  'audit_period_ending',
  'launched_at',
  'deleted_at',
] as const;

export const TEXT_FIELDS = [
  'state',
  'tenant_id',
  'instance_type_id',
  'os_architecture',
  'os_distro',
  'os_version',
  'rax_options',
] as const;

export type TimeField = (typeof TIME_FIELDS)[number];
export type TextField = (typeof TEXT_FIELDS)[number];

/** What the audit knows of an instance. A field that Nova left out, or empty, or null, is not there. */
export type Payload = { readonly instance_id: string } & {
  readonly [field in TimeField]?: Instant;
} & { readonly [field in TextField]?: string };

export interface UsageEvent {
  readonly event_type: string;
  readonly message_id: string;
  readonly timestamp: Instant;
  readonly payload: Payload;
  /** Whether it is stored already: so it is with what was read, and not with what a handler has added. */
  readonly persisted: boolean;
}

/** What the audit adds to a stream. */
export interface Verdict extends UsageEvent {
  readonly event_type: typeof VERIFIED | typeof FAILED;
  /** The .exists record that was audited; null when there is none. */
  readonly original_message_id: string | null;
  readonly error_code: string | null;
  readonly error: string | null;
}

/** The events of a stream: one instance, one day. */
export type UsageEvents = readonly UsageEvent[];

/** A line as an event, or why it is none that the audit looks at. A bad line is data, not an exception. */
export type ParsedLine =
  | { readonly kind: 'event'; readonly event: UsageEvent }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly instance?: string };

export type RejectReason = 'NOT_JSON' | 'BAD_ID' | 'BAD_INSTANCE' | 'BAD_TIME' | 'BAD_TEXT';

/** Ids go into names of streams and messages, so they are plain. Nova's are UUIDs. */
const ID = /^[\w.:-]{1,64}$/;
const LONGEST_TEXT = 256;

/** Where Nova keeps a field, when not under its own name. */
const IN_IMAGE: { readonly [field in TextField]?: string } = {
  os_architecture: 'org.openstack__1__architecture',
  os_distro: 'org.openstack__1__os_distro',
  os_version: 'org.openstack__1__os_version',
  rax_options: 'org.rackspace__1__options',
};

/**
 * Read a notification: Nova's own form (an envelope with a `payload`), or a flat one with the same names.
 *
 * @returns `skipped` for what tells nothing of an instance, verdicts of earlier audits among it
 */
export function parseEvent(text: string): ParsedLine {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: 'rejected', reason: 'NOT_JSON' };
  }
  if (!isObject(raw)) return { kind: 'rejected', reason: 'NOT_JSON' };
  const type = raw.event_type;
  if (typeof type !== 'string' || !/^compute\.instance\.[\w.]{1,100}$/.test(type)) {
    return { kind: 'skipped' };
  }
  if (type === VERIFIED || type === FAILED) return { kind: 'skipped' };
  const nested = raw.payload;
  const fields = isObject(nested) ? nested : raw;
  const instance = fields.instance_id;
  if (!isId(instance)) return { kind: 'rejected', reason: 'BAD_INSTANCE' };
  const reject = (reason: RejectReason): ParsedLine => ({ kind: 'rejected', reason, instance });
  const id = raw.message_id ?? raw.id;
  if (!isId(id)) return reject('BAD_ID');
  const timestamp = timeOf(raw.timestamp);
  if (timestamp === undefined || timestamp === BAD) return reject('BAD_TIME');
  const payload: Record<string, string | number> = { instance_id: instance };
  for (const field of TIME_FIELDS) {
    const time = timeOf(fields[field]);
    if (time === BAD) return reject('BAD_TIME');
    if (time !== undefined) payload[field] = time;
  }
  const image = fields.image_meta;
  for (const field of TEXT_FIELDS) {
    const inImage = IN_IMAGE[field];
    const other = isObject(image) && inImage !== undefined ? image[inImage] : undefined;
    const value = textOf(fields[field] ?? other);
    if (value === BAD) return reject('BAD_TEXT');
    if (value !== undefined) payload[field] = value;
  }
  const event = { event_type: type, message_id: id, timestamp, payload: payload as Payload };
  return { kind: 'event', event: { ...event, persisted: true } };
}

const BAD = Symbol('bad');

function timeOf(value: unknown): Instant | undefined | typeof BAD {
  if (value === undefined || value === null || value === '') return undefined;
  return (typeof value === 'string' ? parseInstant(value) : undefined) ?? BAD;
}

function textOf(value: unknown): string | undefined | typeof BAD {
  if (value === undefined || value === null || value === '') return undefined;
  // Nova writes ids of types as numbers, and in other places as text.
  if (Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? value : BAD;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

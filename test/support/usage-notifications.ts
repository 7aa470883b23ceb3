import { type ParsedLine, parseEvent, type UsageEvent } from '../examples/usage/event.js';
import { DAY, HOUR, type Instant, parseInstant } from '../examples/usage/instant.js';

export const INSTANCE = 'b438b78f-4b48-4291-ad27-8c507fe607b4';

/** The day that is audited. */
export const BEGIN = parseInstant('2015-01-22 00:00:00') as Instant;
export const END = BEGIN + DAY;

/** A notification before it is written down, times as instants. */
export interface Notification {
  readonly type: string;
  readonly id: string;
  readonly timestamp: Instant;
  readonly fields: Fields;
}

export type Fields = Readonly<Record<string, string | number | null | undefined>>;

/** The fields that stay the same over the life of an instance. */
export const CORE: Fields = {
  instance_id: INSTANCE,
  tenant_id: '814554',
  instance_type_id: 6,
  os_architecture: 'x64',
  os_distro: 'org.ubuntu',
  os_version: '12.04',
  rax_options: '0',
};

const TIMES = new Set([
  'launched_at',
  'deleted_at',
  'audit_period_beginning',
  'audit_period_ending',
]);
const IMAGE: Readonly<Record<string, string>> = {
  os_architecture: 'org.openstack__1__architecture',
  os_distro: 'org.openstack__1__os_distro',
  os_version: 'org.openstack__1__os_version',
  rax_options: 'org.rackspace__1__options',
};

let ids = 0;

export function notification(
  type: string,
  timestamp: Instant,
  fields: Fields,
  id = `id-${++ids}`,
): Notification {
  return { type: `compute.instance.${type}`, id, timestamp, fields: { ...CORE, ...fields } };
}

/** The end-of-day record, sent five minutes after midnight. */
export function existsRecord(fields: Fields): Notification {
  const period = { audit_period_beginning: BEGIN, audit_period_ending: END };
  return notification('exists', END + HOUR / 12, { state: 'active', ...period, ...fields });
}

/** As Nova writes a time: UTC, without a zone, microseconds unless there are none. */
export function novaTime(instant: Instant): string {
  const text = new Date(Math.floor(instant / 1000)).toISOString().slice(0, 19).replace('T', ' ');
  const fraction = instant % 1_000_000;
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(6, '0')}`;
}

/** As one line of JSON, in Nova's form. */
export function written(one: Notification, time: (instant: Instant) => string = novaTime): string {
  const payload: Record<string, unknown> = {};
  const image: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(one.fields)) {
    if (name in IMAGE) image[IMAGE[name]] = value;
    else payload[name] = TIMES.has(name) && typeof value === 'number' ? time(value) : value;
  }
  return JSON.stringify({
    event_type: one.type,
    message_id: one.id,
    timestamp: time(one.timestamp),
    publisher_id: 'compute.host-1',
    payload: { ...payload, image_meta: image },
  });
}

export function parsed(line: string): UsageEvent {
  const result: ParsedLine = parseEvent(line);
  if (result.kind !== 'event') throw new Error(`a test wrote no event: ${JSON.stringify(result)}`);
  return result.event;
}

/** Through text, as events come. */
export function eventsOf(notifications: readonly Notification[]): UsageEvent[] {
  return notifications.map((one) => parsed(written(one)));
}

import {
  DELETE,
  EXISTS,
  LAUNCHES,
  parseEvent,
  type RejectReason,
  type UsageEvent,
} from './event.js';
import { dayOf, HOUR } from './instant.js';
import { readLines } from './lines.js';

/** All of them are held in memory until their streams are whole: some 1 GB at most. */
const MOST_EVENTS = 1_000_000;

/** A file of events, sorted into streams. */
export interface Streams {
  /** By name: the instance and the day. */
  readonly byName: ReadonlyMap<string, readonly UsageEvent[]>;
  /** Instances of which a line could not be read: their streams lack events. */
  readonly incomplete: ReadonlySet<string>;
  readonly lines: number;
  /** Lines that tell nothing of an instance. */
  readonly skipped: number;
  readonly rejected: ReadonlyMap<RejectReason, number>;
}

/**
 * Read notifications, one JSON object a line.
 *
 * @throws Error when the file cannot be read, or holds too many events
 */
export async function readStreams(path: string, mostEvents = MOST_EVENTS): Promise<Streams> {
  const byName = new Map<string, UsageEvent[]>();
  const incomplete = new Set<string>();
  const rejected = new Map<RejectReason, number>();
  let lines = 0;
  let skipped = 0;
  let events = 0;
  for await (const { text } of readLines(path)) {
    if (text === '') continue;
    lines++;
    const parsed = parseEvent(text ?? '');
    if (parsed.kind === 'skipped') {
      skipped++;
    } else if (parsed.kind === 'rejected') {
      rejected.set(parsed.reason, (rejected.get(parsed.reason) ?? 0) + 1);
      if (parsed.instance !== undefined) incomplete.add(parsed.instance);
    } else {
      if (++events > mostEvents) {
        throw new Error(`there are more than ${mostEvents} events: audit fewer days at once`);
      }
      const name = streamOf(parsed.event);
      const stream = byName.get(name);
      if (stream === undefined) byName.set(name, [parsed.event]);
      else stream.push(parsed.event);
    }
  }
  return { byName, incomplete, lines, skipped, rejected };
}

/**
 * The stream an event belongs to. An .exists record is sent after the day it is of, and a launch or deletion just before midnight may be told
 * of after it: they go to the day that they are of.
 */
export function streamOf(event: UsageEvent): string {
  return `${event.payload.instance_id} ${dayOf(happenedAt(event))}`;
}

function happenedAt({ event_type, timestamp, payload }: UsageEvent): number {
  if (event_type === EXISTS) return payload.audit_period_beginning ?? timestamp;
  const { deleted_at, launched_at } = payload;
  const at =
    event_type === DELETE ? deleted_at : LAUNCHES.has(event_type) ? launched_at : undefined;
  // One that says something else than that is for the audit to find, where it was sent.
  return at !== undefined && at <= timestamp && timestamp - at < HOUR ? at : timestamp;
}

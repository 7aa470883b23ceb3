import { createHash, type Hash } from 'node:crypto';
import { isObject } from '../../../../cache/sealed-json.js';
import type { PublishedArchive } from '../../published/published-archive.js';
import type { CollectCsv, CollectorSpec, JsonValue, Slice } from '../collector.js';
import { type ScopedRow, scopedColumns, scopedLine, scopedRows } from './tables.js';

/**
 * Which days differ from what was shipped last is told by a hash of each day's rows, not by the calendar: logs are delivered late, so days
 * long past change. A slice has all rows of its days, and takes the place of what was shipped of them before.
 */
export const byDaySpec: CollectorSpec<'csv'> = {
  key: 'by_day',
  version: '1.0',
  format: 'csv',
  description:
    'Bytes, requests and downloads by day, of the archive and of each dataset: the days that changed since last time',
  slice: ({ archive, lastEntry }) => changedSlices(hashDays(archive), hashesOf(lastEntry)),
};

export const collectByDay: CollectCsv = ({ archive, since = '', until }) => {
  const [first, end] = [since.slice(0, 10), until.slice(0, 10)];
  return {
    columns: scopedColumns('date'),
    rows: (function* () {
      for (const row of scopedRows(archive, 'by_day.tsv')) {
        const [day = ''] = row.cells;
        if (day >= first && day < end) yield scopedLine(row);
      }
    })(),
  };
};

/** Day (`2026-03-01`) -> hash of all that is published of it. */
type DayHashes = ReadonlyMap<string, string>;

function hashDays(archive: PublishedArchive): DayHashes {
  const hashes = new Map<string, Hash>();
  for (const row of scopedRows(archive, 'by_day.tsv')) {
    const [day = ''] = row.cells;
    if (!DAY.test(day)) continue;
    let hash = hashes.get(day);
    if (hash === undefined) {
      hash = createHash('sha256');
      hashes.set(day, hash);
    }
    hash.update(lineOf(row));
  }
  return new Map([...hashes].map(([day, hash]) => [day, hash.digest('hex').slice(0, HASH_DIGITS)]));
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const HASH_DIGITS = 16;

function lineOf(row: ScopedRow): string {
  return `${JSON.stringify(scopedLine(row))}\n`;
}

/** What a gathering before remembered; nothing where it makes no sense, so that all is sent. */
function hashesOf(lastEntry: JsonValue | undefined): DayHashes {
  if (!isObject(lastEntry)) return new Map();
  return new Map(
    Object.entries(lastEntry).filter(
      (entry): entry is [string, string] => DAY.test(entry[0]) && typeof entry[1] === 'string',
    ),
  );
}

/** Changed days that are so near to each other are in one slice, with those between them. */
const NEAR_DAYS = 31;
const DAY_MS = 86_400_000;

/** Slices that cover all days that differ; none goes over the end of a year. */
export function* changedSlices(now: DayHashes, before: DayHashes): Generator<Slice, void> {
  const changed = [...new Set([...now.keys(), ...before.keys()])]
    .filter((day) => now.get(day) !== before.get(day))
    .sort();
  const remembered = new Map(before);
  for (let i = 0; i < changed.length; ) {
    const first = changed[i];
    let last = first;
    for (; i < changed.length && isNear(last, changed[i]); i++) {
      last = changed[i];
      const hash = now.get(last);
      if (hash === undefined) remembered.delete(last);
      else remembered.set(last, hash);
    }
    const sorted = [...remembered].sort(([one], [other]) => (one < other ? -1 : 1));
    yield {
      since: `${first}T00:00:00Z`,
      until: `${dayAfter(last)}T00:00:00Z`,
      lastEntry: Object.fromEntries(sorted),
    };
  }
}

function isNear(one: string, next: string): boolean {
  if (one.slice(0, 4) !== next.slice(0, 4)) return false;
  return Date.parse(next) - Date.parse(one) <= NEAR_DAYS * DAY_MS;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

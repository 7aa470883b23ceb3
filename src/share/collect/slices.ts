import { CollectorFailedError } from './collect-files.js';
import type { Collector, CollectorContext, Slice, Slicing } from './collector.js';

const DAY_MS = 86_400_000;

/**
 * A slicing into days (UTC), or so many of them: from when the last gathering ended, the first time from the archive's first day, up to
 * when the published data changed last.
 */
export function sliceByDays(days = 1): Slicing {
  if (!Number.isSafeInteger(days) || days < 1) throw new RangeError('days is not a whole number');
  return function* ({ archive, since, until }) {
    const [first] = archive.table('archive/by_day.tsv')?.rows.map(([day]) => day) ?? [];
    const begin = since ?? (first === undefined ? undefined : `${first}T00:00:00Z`);
    if (begin === undefined) return;
    const end = Date.parse(until);
    for (let at = Date.parse(begin); at < end; ) {
      const midnight = Math.floor(at / DAY_MS) * DAY_MS;
      const next = Math.min(end, midnight + days * DAY_MS);
      yield { since: new Date(at).toISOString(), until: new Date(next).toISOString() };
      at = next;
    }
  };
}

/**
 * The slices of a collector, checked: they are intervals in order of time.
 *
 * @throws {CollectorFailedError}
 */
export async function* slicesOf(
  { key, slice }: Collector & { readonly slice: Slicing },
  context: Omit<CollectorContext, 'remember'>,
): AsyncGenerator<Slice, void> {
  let last = Number.NEGATIVE_INFINITY;
  for await (const one of slice(context)) {
    const [since, until] = [one?.since, one?.until].map(timeOf);
    if (!(since < until)) throw new CollectorFailedError(key, 'a slice is no interval of time');
    if (since < last) throw new CollectorFailedError(key, 'its slices are not in order of time');
    last = until;
    yield one;
  }
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

function timeOf(text: unknown): number {
  return typeof text === 'string' && TIME.test(text) ? Date.parse(text) : Number.NaN;
}

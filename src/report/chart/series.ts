import type { Bin } from './bins.js';
import { SERIES_WIDTH } from './packed.js';

/** Bins as a list of numbers, with bytes to 3 digits: more is not seen in a plot. */
export function packSeries(bins: readonly Bin[]): number[] {
  let before = 0;
  return bins.flatMap(({ start, bytes, requests, downloads }) => {
    const since = start - before;
    before = start;
    return [
      since,
      Number(Number(bytes).toPrecision(3)),
      ...[requests.sum, requests.shown, requests.held],
      ...[downloads.sum, downloads.shown, downloads.held],
    ];
  });
}

export function unpackSeries(series: readonly number[]): Bin[] {
  let start = 0;
  return Array.from({ length: series.length / SERIES_WIDTH }, (_, i) => {
    const [since, bytes, ...tallies] = series.slice(i * SERIES_WIDTH, (i + 1) * SERIES_WIDTH);
    start += since;
    return {
      start,
      bytes: BigInt(bytes),
      requests: { sum: tallies[0], shown: tallies[1], held: tallies[2] },
      downloads: { sum: tallies[3], shown: tallies[4], held: tallies[5] },
    };
  });
}

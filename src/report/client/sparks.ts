import { endOf } from '../chart/dates.js';
import type { PackedDataset } from '../chart/packed.js';
import { unpackSeries } from '../chart/series.js';
import { shapeNode } from './elements.js';

const SPARK = { width: 120, height: 22 } as const;

/**
 * Bytes of a dataset over the time of the archive, a word's size: for eyes only, its page has the numbers.
 *
 * @param first day of the archive, @param end the day after its last
 */
export function spark({ series, unit }: PackedDataset, first: number, end: number): SVGElement {
  const bins = unpackSeries(series).map(({ start, bytes }) => {
    const days = endOf(unit, start) - start;
    return { from: at(start), to: at(endOf(unit, start)), daily: Number(bytes) / days };
  });
  const most = bins.reduce((largest, { daily }) => Math.max(largest, daily), 0);
  function at(day: number): number {
    const share = (day - first) / Math.max(1, end - first);
    return Math.round(10 * SPARK.width * Math.min(1, Math.max(0, share))) / 10;
  }
  const d = bins.map(({ from, to, daily }) => {
    const height = Math.max(1, (daily / Math.max(1, most)) * SPARK.height).toFixed(1);
    return `M${from} ${SPARK.height}v-${height}H${Math.max(to, from + 1)}v${height}Z`;
  });
  const { width, height } = SPARK;
  return shapeNode([
    'svg',
    { class: 'spark', viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    ['path', { d: d.join('') }],
  ]);
}

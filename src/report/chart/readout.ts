import { formatBytes, formatCount } from '../../../cache/count-text.js';
import type { Bin, Tally } from './bins.js';
import { titleOf, type Unit } from './dates.js';

/** `1,240`, `<50`; of several days `1,240 (2 days <50 not in it)`, `3 days, each <50`. */
export function tallyText({ sum, shown, held }: Tally, threshold: number): string {
  if (held === 0) return formatCount(sum);
  if (shown === 0) return held === 1 ? `<${threshold}` : `${held} days, each <${threshold}`;
  return `${formatCount(sum)} (${held} ${held === 1 ? 'day' : 'days'} <${threshold} not in it)`;
}

/** What a chart tells of one bin, in a line. */
export function binText(bin: Bin, unit: Unit, isCumulative: boolean, threshold: number): string {
  const title = titleOf(unit, bin.start);
  const parts = [
    `${formatBytes(Number(bin.bytes))} sent`,
    `requests ${tallyText(bin.requests, threshold)}`,
    `downloads ${tallyText(bin.downloads, threshold)}`,
  ];
  return `${isCumulative ? `Up to ${title}` : title}: ${parts.join(' · ')}`;
}

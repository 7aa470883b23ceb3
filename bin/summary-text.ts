import type { PublishedRules } from '../src/share/published/published-archive.js';
import type { UsageSummary, UsageTop, UsageWeek } from '../src/summary/read-summary.js';
import { formatBytes, formatCount, plural } from './format.js';
import { barOf, type DrawingSet, sparkLine } from './spark-line.js';
import { cutMiddle, cutText, oneLine, padText, textWidth } from './text-width.js';

export interface SummaryLook {
  /** Columns of the terminal. */
  readonly width: number;
  readonly set: DrawingSet;
}

/** Of what stands before figures, with the space around it. */
const LABEL_COLUMNS = 15;

/** A summary for people, in lines no longer than the terminal. */
export function summaryText(
  summary: UsageSummary,
  archive: { readonly rules: PublishedRules; readonly changedAt: string },
  look: SummaryLook,
): string {
  const { dataset, datasets, totals, regions, assets, topDatasets } = summary;
  const title =
    dataset === undefined
      ? `Archive of ${plural(datasets, 'dataset')}`
      : `Dataset ${oneLine(dataset)}`;
  const lines = [
    cutText(title, look.width, look.set.cut),
    ...totalsLines(totals, summary),
    ...weekLines(summary, look),
  ];
  const tops: readonly (readonly [string, UsageTop | undefined])[] = [
    ['region', regions],
    ['asset', assets],
    ['dataset', topDatasets],
  ];
  for (const [what, top] of tops) {
    if (top !== undefined && top.rows.length > 0) lines.push('', ...topLines(what, top, look));
  }
  const { threshold, modulus } = archive.rules;
  lines.push(
    '',
    `Bytes are exact; counts are rounded to multiples of ${modulus}, and <${threshold} below ${threshold}.`,
    `Published last: ${archive.changedAt}`,
  );
  return lines.join('\n');
}

function totalsLines(totals: UsageSummary['totals'], { days }: UsageSummary): string[] {
  const lines =
    totals === undefined
      ? [row('totals', 'not published: run "s3logextraction update"')]
      : [
          row(
            'bytes sent',
            `${size(totals.total_bytes_sent)} (${digits(totals.total_bytes_sent)})`,
          ),
          row('requests', counted(totals.total_number_of_requests)),
          row('downloads', counted(totals.total_number_of_downloads)),
          row('requesters', counted(totals.number_of_requesters)),
          row('regions', formatCount(totals.number_of_unique_regions)),
          row('countries', formatCount(totals.number_of_unique_countries)),
        ];
  if (days === undefined) return lines;
  return [
    ...lines,
    row('days', `${days.first} to ${days.last}, ${formatCount(days.count)} with requests`),
  ];
}

function weekLines({ weeks, days }: UsageSummary, { width, set }: SummaryLook): string[] {
  if (weeks.length === 0) return [];
  const room = Math.max(10, width - 2 - LABEL_COLUMNS);
  const each = Math.ceil(weeks.length / room);
  const values: bigint[] = [];
  for (let i = 0; i < weeks.length; i += each) values.push(bytesOf(weeks.slice(i, i + each)));
  const most = weeks.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const lines = [
    row(each === 1 ? 'by week' : `by ${each} weeks`, sparkLine(values, set)),
    row('', `most: ${size(most.bytes)} in the week of ${most.start}`),
  ];
  if (days !== undefined && days.suppressed > 0) {
    const what = `counts of ${formatCount(days.suppressed)} of ${plural(days.count, 'day')}, for being small`;
    lines.push(row('suppressed', what));
  }
  return lines;
}

function bytesOf(weeks: readonly UsageWeek[]): bigint {
  return weeks.reduce((sum, { bytes }) => sum + bytes, 0n);
}

const BAR_COLUMNS = 20;

function topLines(what: string, top: UsageTop, { width, set }: SummaryLook): string[] {
  const { rows, count, bytes: all } = top;
  const most = rows[0]?.bytes ?? 0n;
  const texts = rows.map(({ bytes, requests }) => [
    size(bytes),
    share(bytes, all),
    plural2(counted(requests), 'request'),
  ]);
  const widths = [0, 1, 2].map((i) => Math.max(...texts.map((text) => text[i].length)));
  const rest = 2 + widths.reduce((sum, columns) => sum + 2 + columns, 0);
  const bar = Math.min(BAR_COLUMNS, Math.max(5, width - rest - 22));
  const names = rows.map(({ name }) => oneLine(name));
  const room = Math.max(10, width - rest - bar - 2);
  const nameColumns = Math.min(room, Math.max(...names.map(textWidth)));
  const head =
    rows.length < count ? `Top ${rows.length} of ${plural(count, what)}` : plural(count, what);
  return [
    `${head}, by bytes`,
    ...rows.map(({ bytes }, i) => {
      const name = padText(cutMiddle(names[i], nameColumns, set.cut), nameColumns);
      const figures = texts[i].map((text, column) => padText(text, widths[column], true));
      return `  ${name}  ${padText(barOf(bytes, most, bar, set), bar)}  ${figures.join('  ')}`;
    }),
  ];
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_COLUMNS - 2)}${text}`;
}

function size(bytes: bigint): string {
  return formatBytes(Number(bytes));
}

function digits(bytes: bigint): string {
  return String(bytes).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `<50` stays. */
function counted(count: number | string): string {
  return /^\d+$/.test(String(count)) ? formatCount(Number(count)) : String(count);
}

function plural2(count: string, noun: string): string {
  return `${count} ${noun}s`;
}

function share(part: bigint, all: bigint): string {
  if (all === 0n) return '';
  const tenths = Number((part * 1000n) / all);
  return tenths < 1 && part > 0n ? '<0.1 %' : `${(tenths / 10).toFixed(1)} %`;
}

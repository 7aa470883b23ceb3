import { formatBytes, formatCount } from '../../../cache/count-text.js';
import { type Bin, cumulated, extentOf, type Tally } from './bins.js';
import { endOf, startOf, type Unit } from './dates.js';
import { linearScale, logScale, timeTicks, type ValueScale } from './scales.js';
import type { Shape } from './shape.js';

/** How a chart is looked at. */
export interface ChartView {
  readonly unit: Unit;
  readonly isLog: boolean;
  readonly isCumulative: boolean;
}

/** Where time runs from left to right, in pixels. */
export interface TimeAxis {
  readonly left: number;
  readonly right: number;
  at(day: number): number;
}

const LEFT = 58;
const RIGHT = 10;
const LABEL = 26;
const GAP = 12;
const AXIS = 36;
const WIDEST = 56;
const WIDE = 26;
/** Below each panel of counts: where days are held back. */
const HELD = 7;

interface Panel {
  readonly label: string;
  readonly pixels: number;
  /** undefined: nothing that could be drawn, and not 0 either. */
  value(bin: Bin): number | undefined;
  held(bin: Bin): number;
  format(value: number): string;
}

const PANELS: readonly Panel[] = [
  {
    label: 'Bytes sent',
    pixels: 180,
    value: ({ bytes }) => Number(bytes),
    held: () => 0,
    format: formatBytes,
  },
  {
    label: 'Requests',
    pixels: 110,
    value: ({ requests }) => knownSum(requests),
    held: ({ requests }) => requests.held,
    format: formatShort,
  },
  {
    label: 'Downloads',
    pixels: 110,
    value: ({ downloads }) => knownSum(downloads),
    held: ({ downloads }) => downloads.held,
    format: formatShort,
  },
];

export const CHART_HEIGHT =
  PANELS.reduce((sum, { pixels }) => sum + LABEL + pixels + HELD + GAP, 0) - GAP + AXIS;

/** @param bins of the unit, in their order; at least one */
export function timeAxis(bins: readonly Bin[], unit: Unit, width: number): TimeAxis {
  const [first, end] = extentOf(bins, unit);
  const right = width - RIGHT;
  return {
    left: LEFT,
    right,
    at: (day) => LEFT + ((day - first) / (end - first)) * (right - LEFT),
  };
}

/**
 * Bytes, requests and downloads over time, one below the other. Bars are days, weeks and so on; sums up to each are a line.
 * What is held back is no bar of height 0, but a mark below the base line.
 *
 * Drawn here and not with Observable Plot, because the script of the page draws it, too: of 36 views, for each dataset and width,
 * no page under 1 MB can hold all.
 *
 * @param bins in their order, at least one
 */
export function timeChart(bins: readonly Bin[], view: ChartView, width: number): Shape {
  const axis = timeAxis(bins, view.unit, width);
  const shown = view.isCumulative ? cumulated(bins) : bins;
  const parts: Shape[] = [];
  let top = 0;
  for (const panel of PANELS) {
    const base = top + LABEL + panel.pixels;
    parts.push(...drawPanel(panel, shown, bins, view, axis, base));
    parts.push(['text', { class: 'panel', x: LEFT, y: top + 14 }, panel.label]);
    top = base + HELD + GAP;
  }
  parts.push(...drawTimeAxis(bins, view.unit, axis, top - GAP));
  return [
    'svg',
    {
      class: 'chart',
      viewBox: `0 0 ${width} ${CHART_HEIGHT}`,
      width,
      height: CHART_HEIGHT,
      'aria-hidden': 'true',
    },
    ...parts,
  ];
}

function drawPanel(
  panel: Panel,
  shown: readonly Bin[],
  bins: readonly Bin[],
  { unit, isLog, isCumulative }: ChartView,
  axis: TimeAxis,
  base: number,
): Shape[] {
  const values = shown.map(panel.value);
  const scale = scaleOf(values, isLog, panel.pixels);
  const top = base - panel.pixels;
  const lines = scale.ticks.map((tick): Shape => {
    const y = round(base - scale.height(tick));
    return [
      'g',
      {},
      ['path', { class: 'line', d: `M${axis.left} ${y}H${axis.right}` }],
      ['text', { class: 'value', x: axis.left - 8, y: y + 4 }, panel.format(tick)],
    ];
  });
  const at = shown.map(({ start }): [number, number] => [
    axis.at(start),
    axis.at(endOf(unit, start)),
  ]);
  const heights = values.map((value) =>
    value === undefined ? undefined : Math.max(0, scale.height(value)),
  );
  const drawn: Shape[] = isCumulative
    ? steps(at, heights, axis, base, isLog)
    : [['path', { class: 'bar', d: bars(at, heights, base, top) }]];
  // Days held back: all that a bin has, or some of them.
  const all = bins.map((bin) => panel.held(bin) > 0 && panel.value(bin) === undefined);
  const some = bins.map((bin) => panel.held(bin) > 0 && panel.value(bin) !== undefined);
  return [
    ...lines,
    ...drawn,
    ['path', { class: 'base', d: `M${axis.left} ${base + 0.5}H${axis.right}` }],
    ...markPath('held', at, all, base),
    ...markPath('part', at, some, base),
  ];
}

function drawTimeAxis(bins: readonly Bin[], unit: Unit, axis: TimeAxis, top: number): Shape[] {
  const [first, end] = extentOf(bins, unit);
  const most = Math.max(2, Math.floor((axis.right - axis.left) / 58));
  return timeTicks(first, end, most)
    .filter(({ day }) => axis.at(day) < axis.right - 12)
    .map(({ day, label, year }): Shape => {
      // Below the middle of its bar, where that is seen to be a bar's middle.
      const width = startOf(unit, day) === day ? axis.at(endOf(unit, day)) - axis.at(day) : 0;
      const isWide = width > WIDE;
      const x = round(axis.at(day) + (isWide ? width / 2 : 0));
      return [
        'g',
        { class: isWide ? 'time middle' : 'time' },
        ['path', { d: `M${x} ${top}v5` }],
        ['text', { x, y: top + 18 }, label],
        ...(year === '' ? [] : [['text', { class: 'year', x, y: top + 32 }, year] as const]),
      ];
    });
}

function scaleOf(
  values: readonly (number | undefined)[],
  isLog: boolean,
  pixels: number,
): ValueScale {
  const known = values.filter((value) => value !== undefined);
  const most = known.reduce((a, b) => Math.max(a, b), 0);
  if (!isLog) return linearScale(most, pixels);
  const least = known.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Number.POSITIVE_INFINITY);
  return logScale(Number.isFinite(least) ? least : 1, most, pixels);
}

/** Nothing is lower than a pixel: little is not nothing. */
function bars(
  at: readonly (readonly [number, number])[],
  heights: readonly (number | undefined)[],
  base: number,
  top: number,
): string {
  return at
    .map(([from, to], i) => {
      const height = heights[i];
      if (height === undefined) return '';
      const [left, right] = inset(from, to);
      return `M${left} ${base}V${round(Math.max(top, base - Math.max(1, height)))}H${right}V${base}Z`;
    })
    .join('');
}

function steps(
  at: readonly (readonly [number, number])[],
  heights: readonly (number | undefined)[],
  axis: TimeAxis,
  base: number,
  isLog: boolean,
): Shape[] {
  let line = '';
  at.forEach(([, to], i) => {
    const height = heights[i];
    if (height === undefined) return;
    const y = round(base - height);
    line += line === '' ? `M${round(at[i][0])} ${y}H${round(to)}` : `V${y}H${round(to)}`;
  });
  if (line === '') return [];
  const area = `${line}V${base}H${round(at[0][0])}Z`;
  return [
    ...(isLog ? [] : [['path', { class: 'area', d: area }] as const]),
    ['path', { class: 'sum', d: `${line}H${axis.right}` }],
  ];
}

function markPath(
  name: string,
  at: readonly (readonly [number, number])[],
  isMarked: readonly boolean[],
  base: number,
): Shape[] {
  const marks = at.map(([from, to], i) => {
    const [left, right] = inset(from, to);
    return isMarked[i] ? `M${left} ${base + 2.5}H${right}v4H${left}Z` : '';
  });
  const d = marks.join('');
  return d === '' ? [] : [['path', { class: name, d }]];
}

/** Bars are apart where there is room, never narrower than a pixel, and no wall where there are few. */
function inset(from: number, to: number): [left: number, right: number] {
  if (to - from > WIDEST) {
    const middle = (from + to) / 2;
    return [round(middle - WIDEST / 2), round(middle + WIDEST / 2)];
  }
  const gap = to - from > 5 ? 0.75 : to - from > 2 ? 0.25 : 0;
  return [round(from + gap), round(Math.max(from + 1, to - gap))];
}

/** Days held back make no 0. */
function knownSum({ sum, shown, held }: Tally): number | undefined {
  return shown === 0 && held > 0 ? undefined : sum;
}

/** 1200 -> `1,200`, 12000 -> `12 k`. */
function formatShort(value: number): string {
  if (value < 10_000) return formatCount(value);
  if (value < 1e6) return `${value / 1e3} k`;
  return value < 1e9 ? `${value / 1e6} M` : `${value / 1e9} G`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Characters that a terminal is drawn on with. */
export interface DrawingSet {
  /** From low to high. */
  readonly heights: readonly string[];
  readonly nothing: string;
  readonly full: string;
  /** Parts of a full one, from the smallest. */
  readonly parts: readonly string[];
  /** Stands for what is cut. */
  readonly cut: string;
}

const BLOCKS: DrawingSet = {
  heights: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  nothing: '·',
  full: '█',
  parts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉'],
  cut: '…',
};
const ASCII: DrawingSet = {
  heights: ['.', ':', '-', '=', '+', '*', '#', '@'],
  nothing: ' ',
  full: '#',
  parts: [],
  cut: '~',
};

/** ASCII where a terminal says that it takes nothing else; files and pipes get UTF-8, as all results do. */
export function drawingSet(env: NodeJS.ProcessEnv, isTerminal: boolean): DrawingSet {
  if (!isTerminal) return BLOCKS;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  const isPlain = env.TERM === 'dumb' || env.TERM === 'linux';
  return isPlain || (locale !== undefined && !/utf-?8/i.test(locale)) ? ASCII : BLOCKS;
}

/** Values as a line of heights, 0 as nothing at all; the greatest is the highest. */
export function sparkLine(values: readonly bigint[], { heights, nothing }: DrawingSet): string {
  const most = values.reduce((a, b) => (a > b ? a : b), 0n);
  return values
    .map((value) => {
      if (value <= 0n || most === 0n) return nothing;
      const height = Number((value * BigInt(heights.length) - 1n) / most);
      return heights[Math.min(heights.length - 1, height)];
    })
    .join('');
}

/** A bar of at most so many columns; whatever is not 0 is seen. */
export function barOf(value: bigint, most: bigint, columns: number, set: DrawingSet): string {
  if (value <= 0n || most <= 0n) return '';
  const steps = set.parts.length + 1;
  const length = Math.max(1, Number((value * BigInt(columns * steps)) / most));
  const part = set.parts[(length % steps) - 1] ?? '';
  return set.full.repeat(Math.floor(length / steps)) + part || set.full;
}

/** Order of two strings by code points, which is also that of their UTF-8 bytes. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return aboveSurrogates(left) - aboveSurrogates(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts U+E000 to U+FFFF above the surrogates, whose code points are higher: undo that. */
function aboveSurrogates(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}

/**
 * Natural order: runs of ASCII digits compare as numbers, all else by code points. Strings that
 * differ only in leading zeros are ordered by code points, so that only equal strings are equal.
 */
export function compareNaturally(a: string, b: string): number {
  const left = a.match(PIECES) ?? [];
  const right = b.match(PIECES) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = comparePieces(left[i] as string, right[i] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareCodePoints(a, b);
}

const PIECES = /[0-9]+|[^0-9]+/g;

function comparePieces(a: string, b: string): number {
  if (!isDigits(a) || !isDigits(b)) return compareCodePoints(a, b);
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || compareCodePoints(left, right);
}

function isDigits(piece: string): boolean {
  return piece[0] !== undefined && piece[0] >= '0' && piece[0] <= '9';
}

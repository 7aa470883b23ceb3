/** Byte strings one behind the other; plain data that threads can be sent. */
export interface ByteStrings {
  readonly bytes: Uint8Array;
  /** Where each ends. */
  readonly ends: Uint32Array;
}

export function byteStrings(texts: readonly string[]): ByteStrings {
  const pieces = texts.map((text) => Buffer.from(text, 'utf8'));
  const ends = new Uint32Array(pieces.length);
  let end = 0;
  for (const [i, piece] of pieces.entries()) {
    end += piece.length;
    ends[i] = end;
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces)), ends };
}

export function startOf({ ends }: ByteStrings, i: number): number {
  return i === 0 ? 0 : ends[i - 1];
}

export function lengthOf(strings: ByteStrings, i: number): number {
  return strings.ends[i] - startOf(strings, i);
}

/** How many bytes a string and a part of others have in common at their beginning. */
export function commonLength(
  strings: ByteStrings,
  i: number,
  bytes: Uint8Array,
  from: number,
  length: number,
): number {
  const start = startOf(strings, i);
  const most = Math.min(length, strings.ends[i] - start);
  let at = 0;
  while (at < most && strings.bytes[start + at] === bytes[from + at]) at++;
  return at;
}

/**
 * Where a part of some bytes belongs among strings in order.
 *
 * @returns the last string that is not behind it, -1 when all are
 */
export function lastUpTo(
  strings: ByteStrings,
  bytes: Uint8Array,
  from: number,
  length: number,
): number {
  let low = 0;
  let high = strings.ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const common = commonLength(strings, middle, bytes, from, length);
    const own = lengthOf(strings, middle);
    const isBehind =
      common === own
        ? false
        : common === length ||
          strings.bytes[startOf(strings, middle) + common] > bytes[from + common];
    if (isBehind) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

import { isUtf8 } from 'node:buffer';

const BACKSLASH = 0x5c;

/** Bytes that may come of one. */
export const MOST_TEXT_GROWTH = 4;

/**
 * Write bytes of a log as PostgreSQL can hold them as text. It holds neither NUL nor what is no UTF-8; such bytes become `\ooo` (octal, and
 * all bytes above ASCII do in a text that is no UTF-8 as a whole), and a backslash becomes `\\`. So `decode(column, 'escape')` gives exactly
 * the bytes of the log, and what has no backslash stands there as it is.
 *
 * @param out has room for {@link MOST_TEXT_GROWTH} times the bytes
 * @returns where the text ends in `out`
 */
export function writeText(
  from: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  const isText = isUtf8(from.subarray(start, end));
  let to = at;
  for (let i = start; i < end; i++) {
    const byte = from[i];
    if (byte === BACKSLASH) {
      out[to++] = BACKSLASH;
      out[to++] = BACKSLASH;
    } else if (byte === 0 || (byte > 0x7f && !isText)) {
      out[to++] = BACKSLASH;
      out[to++] = 0x30 + (byte >> 6);
      out[to++] = 0x30 + ((byte >> 3) & 7);
      out[to++] = 0x30 + (byte & 7);
    } else {
      out[to++] = byte;
    }
  }
  return to;
}

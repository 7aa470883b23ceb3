import { DASH, DOT, hexValue, isDigit, PERCENT, QUOTE, SPACE, UNDERSCORE } from './bytes.js';
import type { Line } from './line.js';
import { REASON } from './reasons.js';

/** 0 for bytes that may stand anywhere in a key, 1 for those to look at: controls, quote, `%`, above ASCII. */
const KEY_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte < SPACE || byte === QUOTE || byte === PERCENT || byte >= 0x7f),
);

/** @returns 0 when the bytes can be a key as the log shows it, else the code of a reason */
export function checkKey(buffer: Uint8Array, start: number, end: number): number {
  let plainAscii = true;
  for (let i = start; i < end; i++) {
    // One look-up for nearly all bytes: this loop sees every byte of every key.
    if (KEY_BYTES[buffer[i]] === 0) continue;
    const byte = buffer[i];
    if (byte === PERCENT) {
      if (i + 2 >= end || hexValue(buffer[i + 1]) < 0 || hexValue(buffer[i + 2]) < 0) {
        return REASON.key_bad_percent_escape;
      }
    } else if (byte > 0x7f) {
      plainAscii = false;
    } else {
      return REASON.invalid_key;
    }
  }
  return plainAscii || isText(buffer, start, end) ? 0 : REASON.invalid_key;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** No store writes one as it is, and many readers of text drop it: two keys would become one. */
const BYTE_ORDER_MARK = '\ufeff';

function isText(buffer: Uint8Array, start: number, end: number): boolean {
  try {
    return !utf8.decode(buffer.subarray(start, end)).includes(BYTE_ORDER_MARK);
  } catch {
    return false;
  }
}

/** @returns the status, 0 for `-`, -1 for anything else */
export function parseStatus(buffer: Uint8Array, start: number, end: number): number {
  if (end - start === 1 && buffer[start] === DASH) return 0;
  if (end - start !== 3) return -1;
  if (!isDigit(buffer[start]) || !isDigit(buffer[start + 1]) || !isDigit(buffer[start + 2])) {
    return -1;
  }
  const status =
    (buffer[start] - 0x30) * 100 + (buffer[start + 1] - 0x30) * 10 + (buffer[start + 2] - 0x30);
  return status < 100 ? -1 : status;
}

/** A word: letters, digits, `-`, `.`, `_`. */
export function isErrorCode(buffer: Uint8Array, start: number, end: number): boolean {
  if (end === start) return false;
  for (let i = start; i < end; i++) {
    const byte = buffer[i];
    const letter = byte | 0x20;
    if ((letter >= 0x61 && letter <= 0x7a) || isDigit(byte)) continue;
    if (byte !== DASH && byte !== DOT && byte !== UNDERSCORE) return false;
  }
  return true;
}

const MOST = '9223372036854775807';

/** Digits that fit in a signed 64-bit number, or `-`. */
export function isNumberOrDash(buffer: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length === 1 && buffer[start] === DASH) return true;
  if (length === 0 || length > 19) return false;
  for (let i = start; i < end; i++) if (!isDigit(buffer[i])) return false;
  if (length < 19) return true;
  for (let i = 0; i < 19; i++) {
    const difference = buffer[start + i] - MOST.charCodeAt(i);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** Leaves the number in two halves; the bytes are known to be digits that fit, or `-`. */
export function parseBytesSent(buffer: Uint8Array, start: number, end: number, line: Line): void {
  let value = 0;
  if (buffer[start] !== DASH) {
    if (end - start > 15) {
      const exact = BigInt(Buffer.from(buffer.subarray(start, end)).toString('latin1'));
      line.bytesSentLow = Number(exact & 0xffffffffn);
      line.bytesSentHigh = Number(exact >> 32n);
      return;
    }
    for (let i = start; i < end; i++) value = value * 10 + (buffer[i] - 0x30);
  }
  line.bytesSentLow = value >>> 0;
  line.bytesSentHigh = Math.floor(value / 4_294_967_296);
}

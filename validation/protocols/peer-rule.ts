import { ascii, SPACE } from '../../src/extract/bytes.js';

/** What the Python tool splits lines at: two fields of the awk program that reads them stand around it. */
export const HTTP_1 = Buffer.from('HTTP/1.');

const GET_OBJECT = ascii('REST.GET.OBJECT');
const TAB = 0x09;
const TWO = 0x32;

/** Words of the two fields that count, by their number from 1. */
export const PRE = { address: 5, operation: 8, key: 9 } as const;
export const POST = { status: 2, bytesSent: 4 } as const;

/**
 * How the Python tool (dandi/s3-log-extraction, version 1.10.6) reads a line: its words before the first `HTTP/1.`, and
 * those between that and the second. Made once, used for every line.
 */
export class PeerReading {
  /** Start and end of word n at [2n] and [2n + 1]; both 0 where there is none. */
  readonly pre = new Int32Array(2 * (PRE.key + 1));
  readonly post = new Int32Array(2 * (POST.bytesSent + 1));
  /** Whether the operation is where it looks for it, and a GET of an object. */
  isGet = false;
  /** Whether what it takes for the status begins with 2. */
  isSuccess = false;

  read(buffer: Buffer, start: number, end: number): void {
    const first = placeOfHttp(buffer, start, end);
    words(buffer, start, first, this.pre);
    if (first === end) {
      this.post.fill(0);
    } else {
      const from = first + HTTP_1.length;
      words(buffer, from, placeOfHttp(buffer, from, end), this.post);
    }
    this.isGet = sameBytes(buffer, this.pre, PRE.operation, GET_OBJECT, 0, GET_OBJECT.length);
    this.isSuccess =
      this.#has(this.post, POST.status) && buffer[this.post[2 * POST.status]] === TWO;
  }

  /** Whether it makes a record of the line. */
  get isRecord(): boolean {
    return this.isGet && this.isSuccess;
  }

  #has(places: Int32Array, word: number): boolean {
    return places[2 * word + 1] > places[2 * word];
  }
}

/** Whether a word of a reading is these bytes. */
export function sameBytes(
  buffer: Buffer,
  places: Int32Array,
  word: number,
  other: Uint8Array,
  from: number,
  to: number,
): boolean {
  const at = places[2 * word];
  const length = places[2 * word + 1] - at;
  if (length !== to - from) return false;
  for (let i = 0; i < length; i++) if (buffer[at + i] !== other[from + i]) return false;
  return true;
}

/**
 * Where `HTTP/1.` stands first in a part of a buffer, or else its end. What is behind is not looked at: in a
 * file without it, each line would be searched for up to the end of the buffer.
 */
export function placeOfHttp(buffer: Buffer, start: number, end: number): number {
  const at = buffer.subarray(start, end).indexOf(HTTP_1);
  return at < 0 ? end : start + at;
}

/** Words stand between any number of spaces and tabs. */
function words(buffer: Buffer, start: number, end: number, into: Int32Array): void {
  into.fill(0);
  let i = start;
  for (let word = 1; 2 * word < into.length; word++) {
    while (i < end && isBlank(buffer[i])) i++;
    if (i >= end) return;
    into[2 * word] = i;
    while (i < end && !isBlank(buffer[i])) i++;
    into[2 * word + 1] = i;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

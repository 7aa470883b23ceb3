/**
 * Lines of the usual form become rows in the binary form of COPY here: those that the core of extraction takes, of plain bytes, in which
 * no text may hold an address. `RowEncoder` writes the same bytes, and takes all other lines. See ARCHITECTURE.md, "Lines into PostgreSQL".
 */
import { fillClasses, LF, nextLineFeed } from '../../extract/assembly/bytes';
import { addressVersion } from '../../extract/assembly/kept-fields';
import { reserveDecoded } from '../../extract/assembly/key-target';
import { reserve } from '../../extract/assembly/memory';
import { addressFound, fillPatterns, v4Address } from '../../extract/assembly/parse-address';
import { takeLine } from '../../extract/assembly/parse-line';
import { clearDays, timeSeconds } from '../../extract/assembly/parse-time';
import { fillKinds } from './may-hold-address';
import { isPlain } from './plain';
import { ADDRESS_OFFSET, encodeRow, FIXED_BYTES } from './row';

export { setObject } from './row';

/** Where the bytes of log objects go. */
export let input: usize = 0;
/** Where rows are written. */
export let output: usize = 0;
/** Addresses of the rows, 16 bytes each, in the order of {@link places}. */
export let addresses: usize = 0;
/** Positions in the output where their seals go, 32 bits each. */
export let places: usize = 0;

let outputEnd: usize = 0;
let mostRows: u32 = 0;

/** Where in the output the next row goes, the rows and the addresses before it; see {@link resume}. */
export let position: usize = 0;
export let rows: u32 = 0;
export let addressCount: u32 = 0;

/** Why {@link scan} stopped: no line is complete, or one is left. */
export const COMPLETE: u32 = 0;
/** It is for the careful encoder. */
export const ODD: u32 = 1;
/** There is no room for its row. */
export const FULL: u32 = 2;
/** It is of another day than {@link startOfDay}. */
export const OTHER_DAY: u32 = 3;
export let stop: u32 = COMPLETE;

/** Seconds since 1970 of the day of all rows until {@link setDay}. */
let startOfDay: f64 = -1;
/** When the line was that {@link scan} stopped at for its day. */
export let otherTime: f64 = 0;
/** Of the rows since {@link resume}; of none: what was given. */
export let firstTime: f64 = 0;
export let lastTime: f64 = 0;

const DAY_SECONDS: f64 = 86_400;

/** Give out the memory; once. */
export function start(inputBytes: usize, outputBytes: usize, most: u32): void {
  fillClasses();
  fillPatterns();
  clearDays();
  fillKinds();
  mostRows = most;
  input = reserve(inputBytes);
  reserveDecoded();
  output = reserve(outputBytes);
  outputEnd = output + outputBytes;
  addresses = reserve(<usize>most * 16);
  places = reserve(<usize>most * 4);
}

/** Go on behind what was written by others. */
export function resume(at: usize, rowCount: u32, addressesThere: u32): void {
  position = at;
  rows = rowCount;
  addressCount = addressesThere;
}

/** From now on rows of this day are taken. */
export function setDay(seconds: f64): void {
  startOfDay = seconds;
}

/** Least and most time until now. */
export function setTimes(first: f64, last: f64): void {
  firstTime = first;
  lastTime = last;
}

/**
 * Take lines, one after the other, until none is complete or one cannot be taken: {@link stop} says why. The byte at `end` is overwritten.
 *
 * @param from position in the input of the first line's first byte
 * @param end position after the last byte
 * @param isLast what stands after the last line feed is a line, too
 * @param offset of the first byte of the input in its log object
 * @returns position in the input of the first line not taken
 */
export function scan(from: usize, end: usize, isLast: bool, offset: f64): usize {
  const inputEnd = input + end;
  store<u8>(inputEnd, LF);
  const most = isLast ? inputEnd : inputEnd - 1;
  stop = COMPLETE;
  let at = input + from;
  while (at < inputEnd) {
    const next = takeLine(at, most);
    if (next === 0) {
      if (isLast || nextLineFeed(at) < inputEnd) stop = ODD;
      break;
    }
    const lineEnd = next - 1;
    if (!(timeSeconds >= startOfDay && timeSeconds < startOfDay + DAY_SECONDS)) {
      otherTime = timeSeconds;
      stop = OTHER_DAY;
      break;
    }
    const place = output + position;
    if (rows === mostRows || place + (lineEnd - at) + FIXED_BYTES > outputEnd) {
      stop = FULL;
      break;
    }
    const address = addresses + ((<usize>addressCount) << 4);
    putAddress(address);
    const length = isPlain(at, lineEnd)
      ? encodeRow(lineEnd, place, offset + <f64>(at - input), address)
      : 0;
    if (length === 0) {
      stop = ODD;
      break;
    }
    if (addressVersion !== 0) {
      store<u32>(places + ((<usize>addressCount) << 2), <u32>(position + ADDRESS_OFFSET));
      addressCount++;
    }
    position += length;
    rows++;
    firstTime = min(firstTime, timeSeconds);
    lastTime = max(lastTime, timeSeconds);
    at = next;
  }
  return at - input;
}

/** The address of the line taken last, in 16-byte form. */
function putAddress(at: usize): void {
  if (addressVersion === 6) {
    for (let word: usize = 0; word < 16; word += 4) {
      store<u32>(at + word, bswap<u32>(load<u32>(addressFound + word)));
    }
  } else {
    store<u64>(at, 0);
    store<u32>(at, 0xffff0000, 8);
    store<u32>(at, bswap<u32>(v4Address), 12);
  }
}

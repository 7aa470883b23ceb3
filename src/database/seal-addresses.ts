import { isDigit, SLASH } from '../extract/bytes.js';
import { parseAddress } from '../extract/parse-address.js';

/** `ip:` and 32 hexadecimal digits. */
const SEALED_LENGTH = 35;
/** Shorter than `::1` nothing is an address. */
const SHORTEST = 3;
/** Longest text of an IPv6 address. */
const LONGEST = 45;
/** What stands before an IPv6 address, up to so many colons. */
const MOST_DROPPED = 3;
const COLON = 0x3a;
const DOT = 0x2e;
const PERCENT = 0x25;

/** Seals some addresses, each of 16 bytes. */
export type SealBytes = (addresses: Uint8Array, count: number) => void;

/**
 * Whether something may stand in a text that reads as an address; a quick look that lets through nearly all texts and misses none.
 *
 * @returns false when there is none
 */
export function mayHoldAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  isAgent: boolean,
  own: Uint32Array | undefined,
): boolean {
  let digits = 0;
  let groups = 0;
  let colons = 0;
  /** Where the numbers begin. */
  let first = start;
  let isWithin = false;
  for (let i = start; i < end; i++) {
    let kind = KINDS[bytes[i]];
    if (kind === OTHER) {
      if (!isWithin) continue;
      digits = 0;
      groups = 0;
      colons = 0;
      isWithin = false;
      continue;
    }
    isWithin = true;
    if (kind === DIGIT) {
      if (digits === 0 && groups === 0) first = i;
      digits++;
      if (groups === 3) {
        if (!isAgent || !isOtherVersion(bytes, start, first, end, own)) return true;
        // The rest of it is of no more interest.
        groups = 4;
      }
      continue;
    }
    if (kind === ESCAPE) {
      const width = escapeWidth(bytes, i, end);
      kind = width === 0 ? OTHER : KINDS[escapedMark(bytes, i + width)];
      if (width === 0) colons = 0;
      else i += width - 1;
    }
    if (kind === MARK_DOT) {
      groups = digits > 0 ? groups + 1 : 0;
    } else {
      groups = 0;
      if (kind === MARK_COLON && ++colons === 2) return true;
    }
    digits = 0;
  }
  return false;
}

const OTHER = 0;
const DIGIT = 1;
const HEX_LETTER = 2;
const MARK_DOT = 3;
const MARK_COLON = 4;
const ESCAPE = 5;

/** What a byte can be in an address. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (isDigit(byte)) return DIGIT;
  if (isHex(byte)) return HEX_LETTER;
  if (byte === DOT) return MARK_DOT;
  if (byte === COLON) return MARK_COLON;
  return byte === PERCENT ? ESCAPE : OTHER;
});

/**
 * How many bytes an escaped `:` or `.` takes: `%3A` or `%2E`, or these escaped again (`%253A`), as addresses in addresses are.
 *
 * @returns 0 for anything else
 */
function escapeWidth(bytes: Uint8Array, at: number, end: number): number {
  const to = endOfEscape(bytes, at, end);
  const high = bytes[to - 2];
  const low = bytes[to - 1] | 0x20;
  const isMark = (high === 0x33 && low === 0x61) || (high === 0x32 && low === 0x65);
  return to > at && isMark ? to - at : 0;
}

/** Where an escape ends (`%20`, `%2520`). @returns `at` when there is none */
function endOfEscape(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 1;
  while (i + 3 < end && bytes[i] === 0x32 && bytes[i + 1] === 0x35 && isHexPair(bytes, i + 2)) {
    i += 2;
  }
  return i + 1 < end && isHexPair(bytes, i) ? i + 2 : at;
}

function isHexPair(bytes: Uint8Array, at: number): boolean {
  return isHex(bytes[at]) && isHex(bytes[at + 1]);
}

/** `:` or `.`. @param end where the escape of it ends */
function escapedMark(bytes: Uint8Array, end: number): number {
  return bytes[end - 2] === 0x33 ? COLON : DOT;
}

const version = new Uint32Array(4);

/** Four numbers right behind a name and a slash that are not the line's own address. */
function isOtherVersion(
  bytes: Uint8Array,
  start: number,
  first: number,
  end: number,
  own: Uint32Array | undefined,
): boolean {
  if (first - 2 < start || !isProduct(bytes, first)) return false;
  const to = endOfV4(bytes, first, end);
  if (to < 0 || isAmongNumbers(bytes, first, to, end)) return false;
  if (!readV4(bytes, first, to, version)) return false;
  return own === undefined || version.some((word, i) => word !== own[i]);
}

/**
 * Copies texts of clients with the addresses in them sealed: `ip:` and the seal in hexadecimal, the same as in the column of the
 * address. Clients write addresses into queries, referers and agents, also with `:` and `.` as `%3A` and `%2E`, once or several times over.
 *
 * Versions read as addresses, too. In a user agent four numbers right behind a name and a slash (`Chrome/120.0.0.0`) are left
 * alone, unless they are the address of the line itself.
 */
export class AddressSealing {
  /** A run of what addresses are made of, unescaped, and where each byte of it and what follows stands. */
  private run = new Uint8Array(256);
  private places = new Int32Array(257);
  private length = 0;
  /** Where the last escape ended that is no part of an address: what follows it begins a word. */
  private escapeEnd = -1;
  private readonly words = new Uint32Array(4);
  private readonly found: { start: number; end: number }[] = [];
  private addresses = Buffer.alloc(16 * 64);

  constructor(private readonly seal: SealBytes) {}

  /**
   * @param own the address of the line, as `Line` has it; undefined when it has none
   * @param isAgent whether it is a user agent
   * @returns the text with addresses sealed; undefined when there are none
   */
  sealed(
    bytes: Uint8Array,
    start: number,
    end: number,
    own: Uint32Array | undefined,
    isAgent: boolean,
  ): Buffer | undefined {
    this.found.length = 0;
    this.escapeEnd = -1;
    for (let i = start; i < end; ) i = this.takeRun(bytes, i, start, end, own, isAgent);
    const { found } = this;
    if (found.length === 0) return undefined;
    this.seal(this.addresses, found.length);
    const out = Buffer.allocUnsafe(end - start + found.length * SEALED_LENGTH);
    let to = 0;
    let from = start;
    found.forEach((place, index) => {
      out.set(bytes.subarray(from, place.start), to);
      to += place.start - from;
      to += out.write(`ip:${this.addresses.toString('hex', 16 * index, 16 * index + 16)}`, to);
      from = place.end;
    });
    this.addresses.fill(0, 0, 16 * found.length);
    out.set(bytes.subarray(from, end), to);
    return out.subarray(0, to + end - from);
  }

  /** @returns where to go on */
  private takeRun(
    bytes: Uint8Array,
    at: number,
    start: number,
    end: number,
    own: Uint32Array | undefined,
    isAgent: boolean,
  ): number {
    this.length = 0;
    let i = at;
    while (i < end) {
      let byte = bytes[i];
      let width = 1;
      if (byte === PERCENT) {
        width = escapeWidth(bytes, i, end);
        if (width > 0) byte = escapedMark(bytes, i + width);
      }
      if (!isAddressByte(byte)) {
        // Of an escape all of it is passed over: its digits are no part of what follows.
        const escapeEnd = byte === PERCENT ? endOfEscape(bytes, i, end) : i;
        if (this.length > 0) break;
        if (escapeEnd === i) return i + 1;
        this.escapeEnd = escapeEnd;
        return escapeEnd;
      }
      this.push(byte, i);
      i += width;
    }
    this.places[this.length] = i;
    const isBegin = at === start || at === this.escapeEnd || !isLetterOrDigit(bytes[at - 1]);
    const isEnd = i === end || !isLetterOrDigit(bytes[i]);
    if (isBegin && isEnd && this.takeV6(0, this.length)) return i;
    const v6 = isEnd ? this.findV6Within() : undefined;
    const isProductEnd = isAgent && at - 2 >= start && isProduct(bytes, at);
    this.takeV4s(0, v6?.from ?? this.length, own, isProductEnd);
    if (v6 !== undefined) {
      this.takeV6(v6.from, v6.to);
      this.takeV4s(v6.to, this.length, own, false);
    }
    return i;
  }

  /**
   * An IPv6 address behind something with a colon (`ip:2001:db8::1`, `12:2001:...`), or with a port and no brackets. Only with a digit in it, since
   * names in programs look the same (`Net::Ace::Bed`).
   */
  private findV6Within(): { from: number; to: number } | undefined {
    const { run, length } = this;
    const last = run.lastIndexOf(COLON, length - 1);
    if (last < 0) return undefined;
    let from = 0;
    for (let dropped = 0; dropped <= MOST_DROPPED && from <= last; dropped++) {
      if (dropped > 0) {
        for (const to of [length, last]) {
          if (this.isV6WithDigit(from, to)) return { from, to };
        }
      } else if (this.isV6WithDigit(from, last)) {
        return { from, to: last };
      }
      from = run.indexOf(COLON, from) + 1;
    }
    return undefined;
  }

  private isV6WithDigit(from: number, to: number): boolean {
    return this.endOfV6(from, to) > 0 && this.run.subarray(from, to).some(isDigit);
  }

  private push(byte: number, place: number): void {
    if (this.length === this.run.length) {
      this.run = grown(this.run, new Uint8Array(2 * this.length));
      this.places = grown(this.places, new Int32Array(2 * this.length + 1));
    }
    this.run[this.length] = byte;
    this.places[this.length++] = place;
  }

  /** All of it, but for marks of a sentence at its end. */
  private takeV6(from: number, to: number): boolean {
    const end = this.endOfV6(from, to);
    if (end > 0) this.add(from, end);
    return end > 0;
  }

  /** @returns where the address ends that begins there; 0 when there is none. It stands in `words` then. */
  private endOfV6(from: number, to: number): number {
    const { run } = this;
    let end = to;
    while (
      end > from &&
      (run[end - 1] === DOT || (run[end - 1] === COLON && run[end - 2] !== COLON))
    ) {
      end--;
    }
    if (end - from < SHORTEST || end - from > LONGEST || !run.subarray(from, end).includes(COLON)) {
      return 0;
    }
    return parseAddress(run, from, end, this.words) ? end : 0;
  }

  /** @param isBehindName whether the run stands right behind a name and a slash, in a user agent */
  private takeV4s(
    from: number,
    length: number,
    own: Uint32Array | undefined,
    isBehindName: boolean,
  ): void {
    const { run } = this;
    for (let i = from; i < length; ) {
      const isGroup = isDigit(run[i]) && (i === from || !isDigit(run[i - 1]));
      const end = isGroup ? endOfV4(run, i, length) : -1;
      if (end < 0 || !readV4(run, i, end, this.words)) {
        i++;
        continue;
      }
      // More than four numbers are no address, but the own one is sealed wherever it stands.
      const isAlone = !isAmongNumbers(run, i, end, length);
      const isVersion = isBehindName && i === 0;
      const isTaken = (isAlone && !isVersion) || this.isOwn(own);
      if (isTaken) this.add(i, end);
      i = isTaken || isAlone ? end : i + 1;
    }
  }

  private isOwn(own: Uint32Array | undefined): boolean {
    return own?.every((word, i) => word === this.words[i]) ?? false;
  }

  private add(from: number, to: number): void {
    const index = this.found.length;
    this.found.push({ start: this.places[from], end: this.places[to] });
    if (16 * index === this.addresses.length) {
      const larger = Buffer.alloc(2 * this.addresses.length);
      larger.set(this.addresses);
      this.addresses.fill(0);
      this.addresses = larger;
    }
    for (let w = 0; w < 4; w++) this.addresses.writeUInt32BE(this.words[w], 16 * index + 4 * w);
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Four numbers of up to three digits with dots between them. @returns -1 if not */
function endOfV4(run: Uint8Array, start: number, length: number): number {
  let i = start;
  for (let group = 0; group < 4; group++) {
    const first = i;
    while (i < length && i - first < 4 && isDigit(run[i])) i++;
    if (i === first || i - first > 3) return -1;
    if (group < 3) {
      if (i >= length || run[i] !== DOT) return -1;
      i++;
    }
  }
  return i;
}

/** Whether more numbers with dots between follow or go before. */
function isAmongNumbers(run: Uint8Array, start: number, end: number, length: number): boolean {
  const hasMore = end + 1 < length && run[end] === DOT && isDigit(run[end + 1]);
  return hasMore || (start > 1 && run[start - 1] === DOT && isDigit(run[start - 2]));
}

/** As `parseAddress` reads it, but zeros may lead (`203.000.113.077`): what matters here is that nobody reads it. */
function readV4(run: Uint8Array, start: number, end: number, words: Uint32Array): boolean {
  let value = 0;
  let part = 0;
  for (let i = start; i <= end; i++) {
    if (i < end && run[i] !== DOT) {
      part = part * 10 + (run[i] - 0x30);
      continue;
    }
    if (part > 255) return false;
    value = value * 256 + part;
    part = 0;
  }
  words.set([0, 0, 0xffff, value]);
  return true;
}

/** Whether a name and a slash stand before it. */
function isProduct(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 1] === SLASH && isLetterOrDigit(bytes[at - 2]);
}

function isAddressByte(byte: number): boolean {
  return byte === COLON || byte === DOT || isHex(byte);
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20;
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x66);
}

function isLetterOrDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x7a);
}

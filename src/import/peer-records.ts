import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAddress } from '../extract/parse-address.js';
import type { FernetOpener } from './fernet.js';
import { type PeerObject, peerLines } from './peer-cache.js';

/** One request. Its address is in the words that the reader was given. */
export interface PeerRecord {
  timeSeconds: number;
  bytesLow: number;
  bytesHigh: number;
  isDownload: boolean;
  /** False: it is not known whether it was a download, and counts as none. */
  isFlagKnown: boolean;
  hasAddress: boolean;
}

/** An object's files do not fit together, or hold what they should not. */
export class PeerObjectError extends Error {}

const LONGEST_BYTES = 19;
/** What a segment can hold. */
const MOST_BYTES = 2n ** 63n - 1n;

/**
 * The requests for one object.
 *
 * @param words takes the address of each
 * @throws {PeerObjectError} which says what is wrong, without any content
 */
export function* peerRecords(
  object: PeerObject,
  opener: () => FernetOpener | undefined,
  words: Uint32Array,
): Generator<PeerRecord> {
  const { folder, hasDownloads, addresses } = object;
  const lines = (name: string) => peerLines(join(folder, name), opener);
  const times = lines('timestamps.txt');
  const sizes = lines('bytes_sent.txt');
  const ips = lines(addresses);
  const downloads = hasDownloads ? lines('download.txt') : undefined;
  let withoutFlag = withoutFlags(object, opener);
  const record = {
    timeSeconds: 0,
    bytesLow: 0,
    bytesHigh: 0,
    isDownload: false,
    isFlagKnown: false,
    hasAddress: false,
  };
  try {
    for (;;) {
      const [time, size, ip] = [times, sizes, ips].map((one) => one.next());
      const isFlagKnown = downloads !== undefined && withoutFlag-- <= 0;
      const download = isFlagKnown ? downloads.next() : undefined;
      const ends = [time, size, ip, download].filter((one) => one !== undefined);
      if (ends.every((one) => one.done)) return;
      if (ends.some((one) => one.done)) throw new PeerObjectError('its files differ in length');
      record.timeSeconds = secondsOf(time?.value as string);
      const bytes = bytesOf(size?.value as string);
      record.bytesLow = Number(bytes & 0xffffffffn);
      record.bytesHigh = Number(bytes >> 32n);
      record.isDownload = download !== undefined && flagOf(download.value as string);
      record.isFlagKnown = isFlagKnown;
      record.hasAddress = addressOf(ip?.value as string, words);
      yield record;
    }
  } finally {
    for (const one of [times, sizes, ips, downloads]) one?.return(undefined);
  }
}

/** Bytes of a line of each, as a rule. */
const TIME_LINE = 13;
const FLAG_LINE = 2;

/**
 * How many requests of an object have no flag: the first ones. The tool has written `download.txt` since its version
 * 1.3.8 only, and appends to all four files alike; what it had before has no line there.
 */
function withoutFlags(
  { folder, hasDownloads }: PeerObject,
  opener: () => FernetOpener | undefined,
): number {
  if (!hasDownloads) return 0;
  const [times, flags] = ['timestamps.txt', 'download.txt'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  // Nearly always; else the lines are counted.
  if (statSync(times).size / TIME_LINE === statSync(flags).size / FLAG_LINE) return 0;
  return countLines(times, opener) - countLines(flags, opener);
}

function countLines(path: string, opener: () => FernetOpener | undefined): number {
  let count = 0;
  for (const _ of peerLines(path, opener)) count++;
  return count;
}

/** `YYMMDDhhmmss`, UTC. */
function secondsOf(text: string): number {
  if (!/^\d{12}$/.test(text)) throw new PeerObjectError('it has a time of another form');
  const [year, month, day, hour, minute, second] = (text.match(/../g) as string[]).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(Date.UTC(2000 + year, month - 1, day, hour, minute, second));
  const isReal =
    at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60;
  if (!isReal || second > 59) throw new PeerObjectError('it has a time that does not exist');
  return at.getTime() / 1000;
}

function bytesOf(text: string): bigint {
  if (text === '-') return 0n;
  if (!/^\d+$/.test(text) || text.length > LONGEST_BYTES) {
    throw new PeerObjectError('it has a number of bytes that is none');
  }
  const bytes = BigInt(text);
  if (bytes > MOST_BYTES) throw new PeerObjectError('it has a number of bytes that is none');
  return bytes;
}

function flagOf(text: string): boolean {
  if (text !== '0' && text !== '1')
    throw new PeerObjectError('it has a flag that is neither 0 nor 1');
  return text === '1';
}

function addressOf(text: string, words: Uint32Array): boolean {
  if (text === '-') return false;
  const bytes = Buffer.from(text, 'latin1');
  if (!parseAddress(bytes, 0, bytes.length, words)) {
    throw new PeerObjectError('it has an address that is none');
  }
  return true;
}

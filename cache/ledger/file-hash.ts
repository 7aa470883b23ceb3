import xxhash from 'xxhash-wasm';

const { h64Raw } = await xxhash();

/** What stands for a log file in memory and in the index (FORMAT.md section 14). */
export interface FileHash {
  /** Upper and lower 32 bits of the hash of the name. */
  readonly high: number;
  readonly low: number;
  /** 32 bits of a hash of its own, of name, size and modification time together. */
  readonly stamp: number;
}

/** Any number but the one of names, so that the two hashes have nothing in common. */
const STAMP_SEED = 0x73_74_61_6d_70n;

/** Longer names than this exist only as paths. */
const USUAL_NAME_BYTES = 1024;

const usual = Buffer.alloc(USUAL_NAME_BYTES + 16);
/** The first so many bytes of it: making a view takes longer than hashing it. */
const usualViews = Array.from({ length: usual.length + 1 }, (_, end) => usual.subarray(0, end));
const wide = new BigUint64Array(1);
const halves = new Uint32Array(wide.buffer);
const [LOW, HIGH] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];

/**
 * Two independent hashes (XXH64 with two seeds) of a log file as it was found.
 *
 * The stamp covers the name, too: files of the same size and time, of which an archive has many, have
 * different stamps, so that to be taken for another file takes 64 and 32 bits that agree by chance.
 *
 * @param modifiedMs whole milliseconds since 1970; earlier counts as 0, as in the ledger
 */
export function hashFile(name: string, sizeBytes: number, modifiedMs: number): FileHash {
  // A character takes three bytes of UTF-8 at most.
  const isUsual = name.length * 3 <= USUAL_NAME_BYTES;
  const buffer = isUsual ? usual : Buffer.alloc(Buffer.byteLength(name) + 16);
  const view = (end: number): Uint8Array => (isUsual ? usualViews[end] : buffer.subarray(0, end));
  const length = buffer.write(name, 'utf8');
  wide[0] = h64Raw(view(length));
  const high = halves[HIGH];
  const low = halves[LOW];
  const end = writeCount(buffer, writeCount(buffer, length, sizeBytes), Math.max(0, modifiedMs));
  wide[0] = h64Raw(view(end), STAMP_SEED);
  return { high, low, stamp: halves[LOW] };
}

/** A whole number below 2^53 as eight bytes, little-endian. */
function writeCount(buffer: Buffer, at: number, count: number): number {
  buffer.writeUInt32LE(count % 4_294_967_296, at);
  return buffer.writeUInt32LE(Math.floor(count / 4_294_967_296), at + 4);
}

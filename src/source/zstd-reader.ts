import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';
import { hasEndlessWeights, WEIGHTS_PROBE_BYTES } from './zstd-weights.js';

/** As the zstd tool without `--long`: a larger window is more memory than a log file needs. */
const LARGEST_WINDOW_BYTES = 128 << 20;

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

const { create64 } = await xxhash();

/** What the next bytes of the stream are. */
type Part = 'frame header' | 'block header' | 'block' | 'checksum' | 'skippable frame';

/**
 * Decompresses a stream of Zstandard frames piece by piece. The frames are taken apart here
 * because the decoder neither bounds their window nor verifies their checksum and length.
 * Source: RFC 8878, sections 3.1.1 and 3.1.2.
 */
export class ZstdReader {
  private part: Part = 'frame header';
  /** Bytes of a header or checksum that are here already, and how many it needs. */
  private readonly head = new Uint8Array(18);
  private gathered = 0;
  private wanted = 5;
  /** Bytes left of a block or skippable frame. */
  private left = 0;
  private isLastBlock = false;
  /** The beginning of a compressed block, and how much of it is still to come. */
  private readonly probe = new Uint8Array(WEIGHTS_PROBE_BYTES);
  private probed = 0;
  private probeWanted = 0;
  private hasChecksum = false;
  /** Bytes of content that the frame says it has, if it says so, and those that came. */
  private saidBytes: number | undefined;
  private contentBytes = 0;
  private hash = create64();
  private decoder: Decompress | undefined;

  /** @param onData takes each piece of content; valid during the call only */
  constructor(private readonly onData: (piece: Uint8Array) => void) {}

  /** @throws {Error} when the bytes are not Zstandard, or damaged */
  push(chunk: Uint8Array): void {
    let undecoded = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.part === 'block' || this.part === 'skippable frame') {
        const count = Math.min(this.left, chunk.length - at);
        if (this.probeWanted > 0) this.probeBlock(chunk.subarray(at, at + count));
        this.left -= count;
        at += count;
      } else {
        const count = Math.min(this.wanted - this.gathered, chunk.length - at);
        this.head.set(chunk.subarray(at, at + count), this.gathered);
        this.gathered += count;
        at += count;
        if (this.gathered < this.wanted) break;
        if (this.part === 'frame header') {
          if (!this.readFrameHeader()) continue;
          undecoded = at;
        } else if (this.part === 'block header') {
          this.readBlockHeader();
        } else {
          this.endFrame(chunk.slice(undecoded, at));
          undecoded = at;
        }
      }
      if (this.left > 0) continue;
      if (this.part === 'skippable frame') {
        this.expect('frame header', 5);
      } else if (this.part === 'block') {
        if (!this.isLastBlock) this.expect('block header', 3);
        else if (this.hasChecksum) this.expect('checksum', 4);
        else {
          this.endFrame(chunk.slice(undecoded, at));
          undecoded = at;
        }
      }
    }
    if (this.decoder !== undefined && undecoded < chunk.length) {
      this.decoder.push(chunk.slice(undecoded));
    }
  }

  /** @throws {Error} when the stream ends within a frame */
  end(): void {
    if (this.part !== 'frame header' || this.gathered > 0)
      throw new Error('unexpected end of file');
  }

  private expect(part: Part, bytes: number): void {
    this.part = part;
    this.gathered = 0;
    this.wanted = bytes;
  }

  /** @returns false when more of the header must be gathered first */
  private readFrameHeader(): boolean {
    const { head } = this;
    const magic = uint(head, 0, 4);
    if (magic >= SKIPPABLE_MAGIC && magic <= SKIPPABLE_MAGIC + 15) {
      if (this.wanted < 8) {
        this.wanted = 8;
        return false;
      }
      this.expect('skippable frame', 0);
      this.left = uint(head, 4, 4);
      return true;
    }
    if (magic !== FRAME_MAGIC) throw new Error('not a zstd frame');
    const descriptor = head[4];
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 1 << sizeFlag;
    const dictionaryAt = 5 + Number(!isSingleSegment);
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
    const length = dictionaryAt + dictionaryBytes + sizeBytes;
    if (this.wanted < length) {
      this.wanted = length;
      return false;
    }
    // Without the dictionary the decoder would make up what it refers to.
    if (uint(head, dictionaryAt, dictionaryBytes) !== 0)
      throw new Error('it needs a zstd dictionary');
    const said = uint(head, length - sizeBytes, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
    const window = isSingleSegment ? said : windowBytes(head[5]);
    if (window > LARGEST_WINDOW_BYTES) throw new Error('its zstd window is larger than 128 MiB');
    this.saidBytes = sizeBytes === 0 ? undefined : said;
    this.contentBytes = 0;
    this.hasChecksum = (descriptor & 4) !== 0;
    this.hash = create64();
    this.decoder = new Decompress((piece) => {
      this.contentBytes += piece.length;
      if (this.hasChecksum) this.hash.update(piece);
      this.onData(piece);
    });
    this.decoder.push(head.slice(0, length));
    this.expect('block header', 3);
    return true;
  }

  private readBlockHeader(): void {
    const header = uint(this.head, 0, 3);
    const type = (header >> 1) & 3;
    if (type === 3) throw new Error('damaged zstd block');
    this.isLastBlock = (header & 1) !== 0;
    this.part = 'block';
    this.left = type === 1 ? 1 : header >> 3;
    this.probed = 0;
    this.probeWanted = type === 2 ? Math.min(this.left, WEIGHTS_PROBE_BYTES) : 0;
  }

  /** The decoder gets no block to the end before its beginning has been seen here. */
  private probeBlock(bytes: Uint8Array): void {
    const count = Math.min(this.probeWanted, bytes.length);
    this.probe.set(bytes.subarray(0, count), this.probed);
    this.probed += count;
    this.probeWanted -= count;
    if (this.probeWanted === 0 && hasEndlessWeights(this.probe.subarray(0, this.probed))) {
      throw new Error('damaged zstd block');
    }
  }

  /** @param rest what the decoder lacks of the frame */
  private endFrame(rest: Uint8Array): void {
    this.decoder?.push(rest, true);
    this.decoder = undefined;
    if (this.saidBytes !== undefined && this.contentBytes !== this.saidBytes) {
      throw new Error('its content is not as long as its zstd header says');
    }
    if (this.hasChecksum && Number(this.hash.digest() & 0xffffffffn) !== uint(this.head, 0, 4)) {
      throw new Error('its zstd checksum does not match');
    }
    this.expect('frame header', 5);
  }
}

function uint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = at + length - 1; i >= at; i--) value = value * 256 + bytes[i];
  return value;
}

/** RFC 8878 section 3.1.1.1.2. */
function windowBytes(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

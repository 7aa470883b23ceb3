import { compress, init } from '@bokuweb/zstd-wasm';
import xxhash from 'xxhash-wasm';

await init();
const { h64Raw } = await xxhash();

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** What the header of a frame says besides its blocks (RFC 8878 section 3.1.1.1). */
export interface FrameForm {
  readonly checksum?: boolean;
  /** A window descriptor's exponent above 10; without it the frame is a single segment. */
  readonly windowExponent?: number;
  /** Say another size of the content than it has. */
  readonly saidSize?: number;
  readonly withSize?: boolean;
  readonly dictionary?: number;
}

/** A frame of these blocks, its header made by hand. */
export function zstdFrame(content: Uint8Array, blocks: Uint8Array, form: FrameForm = {}): Buffer {
  const { checksum = false, windowExponent, dictionary = 0 } = form;
  const isSingle = windowExponent === undefined;
  const hasSize = isSingle || form.withSize === true;
  const descriptor =
    (hasSize ? 0xc0 : 0) | (isSingle ? 0x20 : 0) | (checksum ? 4 : 0) | (dictionary > 0 ? 1 : 0);
  const parts: Uint8Array[] = [MAGIC, Buffer.from([descriptor])];
  if (windowExponent !== undefined) parts.push(Buffer.from([windowExponent << 3]));
  if (dictionary > 0) parts.push(Buffer.from([dictionary]));
  if (hasSize) {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(form.saidSize ?? content.length));
    parts.push(size);
  }
  parts.push(blocks);
  if (checksum) {
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(Number(h64Raw(content) & 0xffffffffn));
    parts.push(sum);
  }
  return Buffer.concat(parts);
}

/** The blocks that the reference implementation makes of a content. */
export function compressedBlocks(content: Uint8Array, level = 3): Buffer {
  const frame = Buffer.from(compress(content, level));
  const descriptor = frame[4];
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag;
  const end = frame.length - ((descriptor & 4) !== 0 ? 4 : 0);
  return frame.subarray(5 + Number(!isSingle) + sizeBytes, end);
}

/** Blocks that store a content as it is, of `size` bytes each; the last may be empty. */
export function rawBlocks(content: Uint8Array, size: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += size) {
    parts.push(block(0, content.subarray(at, at + size), false));
  }
  return Buffer.concat([...parts, block(0, new Uint8Array(0), true)]);
}

/** One block that repeats a byte. */
export function repeatedBlock(byte: number, count: number, isLast = true): Buffer {
  return Buffer.concat([blockHeader(1, count, isLast), Buffer.from([byte])]);
}

export function block(type: number, bytes: Uint8Array, isLast: boolean): Buffer {
  return Buffer.concat([blockHeader(type, bytes.length, isLast), bytes]);
}

function blockHeader(type: number, size: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return header;
}

export function skippableFrame(bytes: Uint8Array, variant = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + variant, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

import { readFileSync } from 'node:fs';
import { instantiate } from './instantiate.js';

/** A number of the encoder that changes as it works. */
interface Counter<T = number> {
  readonly value: T;
}

/**
 * Makes the pages of segments of records; compiled from `assembly/` (see its index.ts for what must be
 * called in which order). Addresses are positions in its memory, and hold until the next call.
 */
export interface Encoder {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly keyBytes: Counter;
  readonly keyOffsets: Counter;
  readonly dictionaryOutput: Counter;
  readonly keyIds: Counter;
  readonly times: Counter;
  readonly requesterIds: Counter;
  readonly bytesLow: Counter;
  readonly bytesHigh: Counter;
  readonly downloads: Counter;
  readonly leastBytes: Counter<bigint>;
  readonly mostBytes: Counter<bigint>;
  readonly distinctCount: Counter;
  readonly page: Counter;
  readonly uncompressedBytes: Counter;
  start(keys: number, keyBytes: number): void;
  groupDistinctKeys(): void;
  nextDictionaryBytes(): number;
  nextPlainDictionaryBytes(): number;
  startRows(rows: number, leastTime: number, mostTime: number): void;
  packRows(count: number): void;
  sortRows(): void;
  arrangeRows(): void;
  keyPage(): number;
  timePage(firstTime: bigint): number;
  requesterPage(distinct: number): number;
  bytesPage(): number;
  findDistinctBytes(): boolean;
  distinctBytesPage(): number;
  bytesIdsPage(): number;
  downloadPage(): number;
}

/** Rows that are packed at once. */
export const PIECE_ROWS = 8_192;

/** Memory never shrinks: an encoder that has grown beyond this is given up after its segment. */
const MOST_KEPT_BYTES = 256 << 20;

/** The build puts the encoder beside this file; from its source it is found where the build put it. */
const LOCATION = import.meta.url.endsWith('.ts')
  ? '../../dist/cache/parquet/encoder.wasm'
  : './encoder.wasm';

let compiled: WebAssembly.Module | undefined;
let idle: Encoder | undefined;

/** Use this thread's encoder, alone and to the end: what `work` returns must be no view of its memory. */
export function withEncoder<T>(work: (encoder: Encoder) => T): T {
  const encoder = idle ?? startEncoder();
  // One that fails halfway is not used again.
  idle = undefined;
  const result = work(encoder);
  if (encoder.memory.buffer.byteLength <= MOST_KEPT_BYTES) idle = encoder;
  return result;
}

function startEncoder(): Encoder {
  compiled ??= new WebAssembly.Module(readFileSync(new URL(LOCATION, import.meta.url)));
  return instantiate(compiled) as unknown as Encoder;
}

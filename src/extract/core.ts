import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { instantiate } from '../../cache/parquet/instantiate.js';
import type { ExtractionMode } from './extraction-mode.js';

/** A number of the core that changes as it works. */
interface Counter {
  readonly value: number;
}

/**
 * The hot path, compiled from `assembly/` (see its index.ts for what each function does). Addresses
 * are positions in its memory.
 */
export interface Core {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly seed: Counter;
  readonly input: Counter;
  readonly isOdd: Counter;
  readonly skippedLines: Counter;
  readonly requestersWithSpaces: Counter;
  readonly spacesBeforeRequester: Counter;
  readonly otherZones: Counter;
  readonly otherKeys: Counter;
  readonly rows: Counter;
  readonly keyIds: Counter;
  readonly times: Counter;
  readonly requesterIds: Counter;
  readonly bytesLow: Counter;
  readonly bytesHigh: Counter;
  readonly downloads: Counter;
  readonly agentStarts: Counter;
  readonly agentEnds: Counter;
  readonly keyBytes: Counter;
  readonly keyOffsets: Counter;
  readonly keyCount: Counter;
  readonly addressWords: Counter;
  readonly addressCount: Counter;
  start(inputBytes: number, rows: number, keyBytes: number, keyChoice: number): void;
  scan(from: number, end: number, limit: number, isLast: boolean): number;
  append(
    key: number,
    keyLength: number,
    timeSeconds: number,
    bytesLow: number,
    bytesHigh: number,
    download: number,
  ): void;
  setAddress(a: number, b: number, c: number, d: number): void;
  truncate(rows: number): void;
  clear(): void;
}

/** By mode, as in assembly/record-key.ts. */
const KEY_CHOICE: Readonly<Record<ExtractionMode, number>> = { generic: 0, dandi: 1, buckets: 2 };

/** Random words under the hash tables, and what is read behind them. */
const SEED_BYTES = 1_024 + 64;

/** Which build: the usual one, or the one that keeps where user agents stand. */
export type CoreBuild = 'usual' | 'agents';

/** The build puts the core beside this file; from its source it is found where the build put it. */
const FOLDER = import.meta.url.endsWith('.ts') ? '../../dist/src/extract/' : './';
const LOCATIONS = { usual: 'core.wasm', agents: '../pipeline/agent-core.wasm' };

const compiled: Partial<Record<CoreBuild, WebAssembly.Module>> = {};

/**
 * A core with memory of its own. The system backs only what is used of it.
 *
 * @param inputBytes room for bytes of log files
 * @param rows records it can hold
 * @param keyBytes bytes of distinct keys it can hold
 * @param mode says what is kept of keys
 */
export function startCore(
  inputBytes: number,
  rows: number,
  keyBytes: number,
  mode: ExtractionMode,
  build: CoreBuild = 'usual',
): Core {
  compiled[build] ??= new WebAssembly.Module(
    readFileSync(new URL(`${FOLDER}${LOCATIONS[build]}`, import.meta.url)),
  );
  const core = instantiate(compiled[build]) as unknown as Core;
  // Other words in each process: nobody can make keys that collide.
  randomFillSync(new Uint8Array(core.memory.buffer, core.seed.value, SEED_BYTES));
  core.start(inputBytes, rows, keyBytes, KEY_CHOICE[mode]);
  return core;
}

import { Worker } from 'node:worker_threads';
import { S3LogExtractionError } from '../../cache/error.js';
import { numbersFrom } from '../support/random-lines.js';
import { mutate } from './mutations.js';

/** Of each kind of file; `S3LOG_FUZZ_FILES` and `S3LOG_FUZZ_SEED` set how many cases, and which. */
export const CASES = Number(process.env.S3LOG_FUZZ_FILES ?? 20);
const SEED = Number(process.env.S3LOG_FUZZ_SEED ?? 20_261_126);
/** More than any case may take, and less than what a length taken from a damaged file asks for. */
const MOST_BYTES = 1_500 << 20;

export interface Target {
  /** Files as they should be, of one kind. */
  readonly samples: readonly Buffer[];
  /**
   * Reads one that may not be: comes to something that is right, or throws what a user can do something about.
   */
  read(bytes: Buffer): unknown;
  /** Other errors than ours that its caller turns into one. */
  readonly isExpected?: (error: unknown) => boolean;
}

/**
 * Read {@link CASES} mutated files of a kind. Each must be read, or refused by an error with a code of ours; none may end in anything else,
 * hang, or take memory that its size does not justify.
 *
 * @returns how many were refused, by code
 */
export async function fuzz(name: string, target: Target): Promise<ReadonlyMap<string, number>> {
  const seed = SEED ^ hashOf(name);
  const below = numbersFrom(seed);
  const refused = new Map<string, number>();
  watch().begin(`${name}, S3LOG_FUZZ_SEED=${SEED}`);
  try {
    for (const sample of target.samples) await target.read(sample);
    for (let n = 0; n < CASES; n++) {
      const sample = target.samples[below(target.samples.length)] as Buffer;
      const bytes = mutate(sample, target.samples, below);
      watch().at(n);
      try {
        await target.read(bytes);
      } catch (error) {
        const isOurs = error instanceof S3LogExtractionError && /^[A-Z0-9_]+$/.test(error.code);
        if (!isOurs && target.isExpected?.(error) !== true) {
          const what = `${name}: case ${n} of S3LOG_FUZZ_SEED=${SEED}, ${bytes.length} bytes`;
          throw new Error(`${what}: ${bytes.subarray(0, 200).toString('latin1')}`, {
            cause: error,
          });
        }
        const code = isOurs ? error.code : 'expected';
        refused.set(code, (refused.get(code) ?? 0) + 1);
      }
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      if (arrayBuffers + heapUsed > MOST_BYTES) {
        throw new Error(
          `${name}: case ${n} of S3LOG_FUZZ_SEED=${SEED} takes ${arrayBuffers + heapUsed} bytes`,
        );
      }
    }
  } finally {
    watch().end();
  }
  return refused;
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) | 0;
  return hash;
}

let watching: Watch | undefined;
/** One for all kinds: a thread takes as long to start as a kind to be read. */
function watch(): Watch {
  watching ??= new Watch();
  return watching;
}

/** Says which case never ends, and ends it: no timer runs while a loop does. */
class Watch {
  readonly #cell = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker = new Worker(WATCHER, { eval: true, workerData: this.#cell });

  constructor() {
    this.#worker.unref();
  }

  begin(name: string): void {
    this.#worker.postMessage(name);
    Atomics.store(this.#cell, 1, 1);
  }

  at(n: number): void {
    Atomics.store(this.#cell, 0, n);
  }

  end(): void {
    Atomics.store(this.#cell, 1, 0);
  }
}

const WATCHER = `
const { workerData: cell, parentPort } = require('node:worker_threads');
let name = '';
let last = '';
parentPort.on('message', (next) => { name = next; });
setInterval(() => {
  const now = name + Atomics.load(cell, 0);
  if (Atomics.load(cell, 1) === 0 || now !== last) return void (last = now);
  require('node:fs').writeSync(2, 'never ends: case ' + Atomics.load(cell, 0) + ' of ' + name + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 120000);
`;

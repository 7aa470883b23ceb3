import { setImmediate } from 'node:timers/promises';
import { PUBLISHED, writeFileAtomic } from '../../cache/atomic-write.js';
import { listingOf, prepareDirectory, truthPath } from './benchmark-files.js';
import { benchmarkMaker } from './benchmark-maker.js';
import { type BenchmarkOptions, resolveBenchmarkOptions } from './benchmark-options.js';
import { type PlannedFile, planFiles } from './benchmark-plan.js';
import { writeWithThreads } from './benchmark-threads.js';
import type { BenchmarkTruth } from './benchmark-truth.js';

export type { BenchmarkOptions } from './benchmark-options.js';
export type { BenchmarkTruth } from './benchmark-truth.js';

const PROGRESS_BYTES = 16e6;

/**
 * Write made-up logs that look like those of a busy archive, and `<directory>.truth.json` with what
 * they must come to. The same options give the same bytes and names, with any number of threads.
 *
 * @param onProgress called now and then with the bytes written so far
 * @throws {BenchmarkOptionError} @throws {BenchmarkDirectoryError}
 */
export async function generateBenchmark(
  options: BenchmarkOptions,
  onProgress: (bytes: number) => void = () => {},
): Promise<BenchmarkTruth> {
  const resolved = resolveBenchmarkOptions(options);
  const { directory, threads } = resolved;
  prepareDirectory(directory);
  const plan = planFiles(resolved);
  const maker = benchmarkMaker(resolved);
  const files: { name: string; bytes: number }[] = [];
  let bytes = 0;
  let reported = 0;
  /** @returns whether it is time to let others go on */
  const note = (file: PlannedFile, fileBytes: number) => {
    files.push({ name: file.name, bytes: fileBytes });
    bytes += fileBytes;
    if (bytes - reported < PROGRESS_BYTES) return false;
    reported = bytes;
    onProgress(bytes);
    return true;
  };
  if (threads > 1) {
    const parts = await writeWithThreads(resolved, plan, note);
    for (const part of parts) maker.counter.merge(part);
  } else {
    for (const file of plan) if (note(file, maker.write(file))) await setImmediate();
  }
  const written = { files: files.length, bytes, listing: listingOf(files) };
  const truth = maker.counter.finish(resolved, written);
  writeFileAtomic(truthPath(directory), `${JSON.stringify(truth, null, 2)}\n`, PUBLISHED);
  onProgress(bytes);
  return truth;
}

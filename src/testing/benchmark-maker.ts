import { join } from 'node:path';
import { benchmarkKeys } from './benchmark-keys.js';
import { benchmarkLines } from './benchmark-lines.js';
import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import type { PlannedFile } from './benchmark-plan.js';
import { DAY_SECONDS, FIRST_SECOND } from './benchmark-time.js';
import { TruthCounter } from './benchmark-truth.js';
import { LogFileWriter } from './log-file-writer.js';
import { seededRandom } from './random.js';

/** Writes planned files and counts what they come to. */
export interface BenchmarkMaker {
  readonly counter: TruthCounter;
  /** @returns the file's size in bytes */
  readonly write: (file: PlannedFile) => number;
}

/**
 * Every maker of the same options writes the same bytes for a planned file: keys and pools come from
 * the first stream of random numbers, the lines of a file from a stream of its own.
 */
export function benchmarkMaker(options: ResolvedBenchmarkOptions): BenchmarkMaker {
  const random = seededRandom(options.seed);
  const keys = benchmarkKeys(options.keys, options.datasets, random);
  const makeLine = benchmarkLines(options, keys, random);
  const counter = new TruthCounter(keys, options.keys, options.addresses);
  const writer = new LogFileWriter();
  const lastSecond = options.days * DAY_SECONDS - 1;
  const write = (file: PlannedFile) => {
    random.restart(1 + file.number);
    writer.open(join(options.directory, file.name));
    let lineBytes = 0;
    do {
      const at = Math.floor(file.fromSecond + random.fraction() * file.widthSeconds);
      const second = FIRST_SECOND + Math.min(lastSecond, at);
      const line = makeLine(second);
      counter.add(line, second);
      writer.write(line.text);
      lineBytes = line.text.length;
      // To the nearest line, so that files neither add up to more nor to less than was asked for.
    } while (writer.bytes + lineBytes / 2 < file.bytes);
    const bytes = writer.bytes - (file.withLastLf ? 0 : 1);
    writer.close(file.withLastLf);
    return bytes;
  };
  return { counter, write };
}

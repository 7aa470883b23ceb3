import type { TaskHandler } from '../cache/rollups/task-pool.js';
import { type FoundFile, UnreadableFileError } from '../src/extract/read-log-file.js';
import { LineExaminer, type Verdict } from './line-examiner.js';
import { readSourceFile } from './log-source.js';
import { PROTOCOLS } from './protocols.js';

/** A file to look at, and the names of the protocols that do. */
export interface FileToExamine extends FoundFile {
  readonly relativePath: string;
  readonly protocols: readonly string[];
}

/** Some files, one after the other. */
export interface ExamineTask {
  readonly files: readonly FileToExamine[];
}

/** What came of a file. */
export type Examined =
  | {
      readonly lines: number;
      readonly contentBytes: number;
      /** In the order of the protocols asked for. */
      readonly verdicts: readonly Verdict[];
    }
  /** Why it could not be read; nothing is said of it. */
  | { readonly failure: string }
  /** The run is to end: it was not read to its end. */
  | { readonly isStopped: true };

/** What a thread starts with. */
export interface ExamineSetup {
  readonly thread: number;
  /** Findings of each protocol in each file that are told one by one. */
  readonly mostFindings: number;
  /** Stored bytes read so far, one counter a thread. */
  readonly progress: BigInt64Array;
  /** Not 0 once the run is to stop. */
  readonly stopFlag: Int32Array;
}

/** Thrown through the reader. */
class StoppedError extends Error {}

/** Makes what does the tasks of a thread. */
export function startExamining(given: unknown): TaskHandler<ExamineTask, readonly Examined[]> {
  const setup = given as ExamineSetup;
  const examiner = new LineExaminer();
  const isStopped = (): boolean => Atomics.load(setup.stopFlag, 0) !== 0;
  const onProgress = (bytes: number): void => {
    Atomics.add(setup.progress, setup.thread, BigInt(bytes));
    if (isStopped()) throw new StoppedError();
  };
  return async ({ files }) => {
    const results: Examined[] = [];
    for (const file of files) {
      if (isStopped()) {
        results.push({ isStopped: true });
        continue;
      }
      const protocols = PROTOCOLS.filter(({ name }) => file.protocols.includes(name));
      try {
        examiner.begin(file, protocols, setup.mostFindings);
        const contentBytes = await readSourceFile(file, examiner, onProgress);
        results.push({ lines: examiner.lines, contentBytes, verdicts: examiner.verdicts() });
      } catch (error) {
        if (error instanceof StoppedError) results.push({ isStopped: true });
        else if (error instanceof UnreadableFileError) results.push({ failure: error.message });
        else throw error;
      }
    }
    return results;
  };
}

import type { TaskHandler } from '../cache/rollups/task-pool.js';
import type { HashSpill } from '../cache/validation/equal-lines.js';
import { LineHashes } from '../cache/validation/line-hashes.js';
import { type FoundFile, UnreadableFileError } from '../src/extract/read-log-file.js';
import type { ObjectBytes, ObjectReader } from '../src/extract/read-object.js';
import { LONGEST_LINE } from '../src/extract/record-batch.js';
import type { BucketAccess } from '../src/source/bucket/access.js';
import { LineExaminer, type Verdict } from './line-examiner.js';
import { readSourceFile } from './log-source.js';
import { protocolNamed } from './protocols.js';

/** A file to look at, and the names of the protocols that do. */
export interface FileToExamine extends FoundFile {
  readonly relativePath: string;
  /** Counts from 0 in the order in which files are listed. */
  readonly number: number;
  readonly protocols: readonly string[];
}

/** Some files, one after the other; or, at the end, to finish what was put aside of their lines. */
export type ExamineTask =
  | {
      readonly files: readonly FileToExamine[];
      /** Of a bucket. */
      readonly access?: BucketAccess | undefined;
    }
  | { readonly finish: true };

/** What became of each file of a task; of the one at the end, what was put aside. */
export type ExamineResult =
  | { readonly examined: readonly Examined[] }
  | { readonly aside: HashSpill | undefined };

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
  /** Where to put aside what equal lines are found by, if they are looked for. The key is for this run only. */
  readonly aside: { readonly path: string; readonly key: Uint8Array } | undefined;
}

/** Thrown through the reader. */
class StoppedError extends Error {}

/** Makes what does the tasks of a thread. */
export function startExamining(given: unknown): TaskHandler<ExamineTask, ExamineResult> {
  const setup = given as ExamineSetup;
  const { aside } = setup;
  const hashes =
    aside === undefined ? undefined : new LineHashes(aside.path, aside.key, LONGEST_LINE);
  const examiner = new LineExaminer();
  const isStopped = (): boolean => Atomics.load(setup.stopFlag, 0) !== 0;
  const onProgress = (bytes: number): void => {
    Atomics.add(setup.progress, setup.thread, BigInt(bytes));
    if (isStopped()) throw new StoppedError();
  };
  /** Made for the first object of a bucket. */
  let objects: ObjectReader | undefined;
  return async (task) => {
    if ('finish' in task) {
      const extents = hashes?.finish();
      return { aside: extents && aside && { path: aside.path, extents } };
    }
    const results: Examined[] = [];
    const examine = async (file: FileToExamine, object?: ObjectBytes): Promise<void> => {
      if (isStopped()) {
        results.push({ isStopped: true });
        return;
      }
      const protocols = file.protocols.map(protocolNamed);
      try {
        examiner.begin(file, protocols, setup.mostFindings, hashes, file.number);
        const contentBytes =
          object === undefined
            ? await readSourceFile(file, examiner, onProgress)
            : (await object.feed(true, examiner, onProgress)).contentBytes;
        results.push({ lines: examiner.lines, contentBytes, verdicts: examiner.verdicts() });
      } catch (error) {
        if (error instanceof StoppedError) results.push({ isStopped: true });
        else if (error instanceof UnreadableFileError) results.push({ failure: error.message });
        else throw error;
      }
    };
    const { files, access } = task;
    if (access === undefined) for (const file of files) await examine(file);
    else {
      objects ??= new (await import('../src/extract/read-object.js')).ObjectReader();
      await objects.readAll(files, access, (file, _, object) => examine(file, object));
    }
    return { examined: results };
  };
}

// A thread that writes planned files; see benchmark-threads.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { benchmarkMaker } from './benchmark-maker.js';
import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import type { PlannedFile } from './benchmark-plan.js';
import type { TruthPart } from './benchmark-truth.js';

/** Files to write, or `null`: no more, say what they came to. */
export type WorkerTask = readonly PlannedFile[] | null;

/** The sizes of the files of a task in bytes, or at the end what all files came to. */
export type WorkerAnswer = readonly number[] | TruthPart;

const { counter, write } = benchmarkMaker(workerData as ResolvedBenchmarkOptions);

parentPort?.on('message', (task: WorkerTask) => {
  const answer: WorkerAnswer = task === null ? counter.part() : task.map(write);
  parentPort?.postMessage(answer);
  if (task === null) parentPort?.close();
});

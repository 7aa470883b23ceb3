import { Worker } from 'node:worker_threads';
import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import type { PlannedFile } from './benchmark-plan.js';
import type { TruthPart } from './benchmark-truth.js';
import type { WorkerAnswer, WorkerTask } from './benchmark-worker.js';

/** Files are handed out in tasks of about this many bytes. */
const TASK_BYTES = 8e6;

/**
 * Write all planned files with several threads.
 *
 * @param onFile called with each file's size in bytes, in no fixed order
 * @returns what each thread counted
 */
export async function writeWithThreads(
  options: ResolvedBenchmarkOptions,
  plan: readonly PlannedFile[],
  onFile: (file: PlannedFile, bytes: number) => void,
): Promise<TruthPart[]> {
  const tasks = tasksOf(plan)[Symbol.iterator]();
  const threads = Array.from({ length: Math.min(options.threads, plan.length) }, () => {
    return new Worker(new URL('./benchmark-worker.js', import.meta.url), { workerData: options });
  });
  try {
    return await Promise.all(
      threads.map(async (thread) => {
        for (;;) {
          const next = tasks.next();
          const task: WorkerTask = next.done ? null : next.value;
          const answer = await ask(thread, task);
          if (!isSizes(answer)) return answer;
          answer.forEach((bytes, i) => {
            onFile((task as readonly PlannedFile[])[i], bytes);
          });
        }
      }),
    );
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function ask(thread: Worker, task: WorkerTask): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    thread.removeAllListeners();
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (status) => reject(new Error(`A thread ended with status ${status}.`)));
    thread.postMessage(task);
  });
}

function isSizes(answer: WorkerAnswer): answer is readonly number[] {
  return Array.isArray(answer);
}

/** Files next to each other, until they are enough to be worth a message. */
function* tasksOf(plan: readonly PlannedFile[]): Generator<PlannedFile[]> {
  let task: PlannedFile[] = [];
  let bytes = 0;
  for (const file of plan) {
    task.push(file);
    bytes += file.bytes;
    if (bytes < TASK_BYTES) continue;
    yield task;
    task = [];
    bytes = 0;
  }
  if (task.length > 0) yield task;
}

import { Worker } from 'node:worker_threads';

/**
 * Threads that load what an extraction worker needs while the main thread still opens the cache and
 * looks for files: a third of a second, on two cores, by which large logs are begun earlier.
 * They have nothing to do with a cache before somebody takes one and says so.
 */
export class WorkerThreads {
  readonly #spare: Worker[];

  /** @param count how many to start now; more are started when they are taken */
  constructor(count: number) {
    this.#spare = Array.from({ length: count }, () => startThread());
  }

  /** One that has not been given anything yet. */
  take(): Worker {
    return this.#spare.pop() ?? startThread();
  }

  /** End those that nobody took. */
  async close(): Promise<void> {
    await Promise.all(this.#spare.splice(0).map((thread) => thread.terminate()));
  }
}

function startThread(): Worker {
  const thread = new Worker(new URL('./worker.js', import.meta.url));
  // Whoever takes it is told of its end by the next call; nobody is interested in that of a spare one.
  thread.on('error', () => undefined);
  return thread;
}

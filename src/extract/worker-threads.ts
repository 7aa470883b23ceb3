import { Worker } from 'node:worker_threads';

/**
 * Threads that load what an extraction worker needs while the main thread still opens the cache and
 * looks for files: so large logs are begun some tenths of a second earlier. They have nothing to do with a cache
 * before somebody takes one and says so.
 */
export class WorkerThreads {
  readonly #spare = new Set<Worker>();

  /**
   * @param count how many to start now; more are started when they are taken
   * @param start makes one
   */
  constructor(
    count: number,
    private readonly start: () => Worker = startThread,
  ) {
    for (let i = 0; i < count; i++) this.#keep(start());
  }

  /** One that has not been given anything yet, and has not ended as far as is known. */
  take(): Worker {
    for (const thread of this.#spare) {
      this.#spare.delete(thread);
      return thread;
    }
    return this.start();
  }

  /** End those that nobody took. */
  async close(): Promise<void> {
    const spare = [...this.#spare];
    this.#spare.clear();
    await Promise.all(spare.map((thread) => thread.terminate()));
  }

  #keep(thread: Worker): void {
    this.#spare.add(thread);
    // Short of memory, it may end before anybody listens: who took it would wait for its answer for ever.
    thread.on('exit', () => this.#spare.delete(thread));
    // Why it ended is told by the one started in its place, should that end, too.
    thread.on('error', () => undefined);
  }
}

function startThread(): Worker {
  const thread = new Worker(new URL('./worker.js', import.meta.url), { stdout: true });
  // Handlers of a pipeline may print: standard output is for results.
  thread.stdout.on('data', (piece: Uint8Array) => process.stderr.write(piece));
  return thread;
}

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { LogPath } from './log-path.js';
import { type FileStats, statFiles } from './stat-files.js';

/** No name holds it. */
const SEPARATOR = '\0';

/** Tells this thread from others. */
const PURPOSE = 'stat files';

interface Request {
  readonly paths: readonly LogPath[];
  readonly answer: (stats: FileStats) => void;
}

/**
 * A thread that looks at files while the main thread lists folders and asks the ledger: each of the two takes
 * about half of the time of planning. Should the thread end, the files are looked at here.
 */
export class StatThread {
  private readonly worker: Worker;
  /** Whether it has ended; then the files are looked at here. */
  hasEnded = false;
  private readonly requests: Request[] = [];

  constructor(private readonly root: LogPath) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: { purpose: PURPOSE, root } });
    // It is no reason for the process to live on, unless somebody waits for an answer.
    this.worker.unref();
    this.worker.on('message', (stats: FileStats) => {
      this.requests.shift()?.answer(stats);
      if (this.requests.length === 0) this.worker.unref();
    });
    this.worker.on('error', () => {});
    this.worker.on('exit', () => {
      this.hasEnded = true;
      for (const { paths, answer } of this.requests.splice(0)) answer(statFiles(root, paths));
    });
  }

  /** As {@link statFiles}, below the root. Answers come in the order of the questions. */
  stat(paths: readonly LogPath[]): Promise<FileStats> {
    if (this.hasEnded) return Promise.resolve(statFiles(this.root, paths));
    return new Promise((answer) => {
      this.requests.push({ paths, answer });
      this.worker.ref();
      this.worker.postMessage(paths.join(SEPARATOR));
    });
  }

  /** End the thread; nobody waits for an answer any more. */
  close(): void {
    this.requests.length = 0;
    void this.worker.terminate();
  }
}

if (!isMainThread && (workerData as { purpose?: unknown } | null)?.purpose === PURPOSE) {
  const { root } = workerData as { root: LogPath };
  parentPort?.on('message', (paths: string) => {
    const { sizes, modified, reasons } = statFiles(root, paths.split(SEPARATOR) as LogPath[]);
    const buffers = [sizes.buffer as ArrayBuffer, modified.buffer as ArrayBuffer];
    parentPort?.postMessage({ sizes, modified, reasons }, buffers);
  });
}

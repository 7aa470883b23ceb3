import { Worker } from 'node:worker_threads';
import { S3LogExtractionError } from '../../cache/error.js';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './worker-messages.js';

/** A worker thread is gone. */
export class WorkerDiedError extends S3LogExtractionError {
  constructor(cause: Error) {
    const why = (cause as NodeJS.ErrnoException).code ?? cause.name;
    super('WORKER_DIED', `An extraction worker ended unexpectedly (${why}).`, {
      hint: 'Nothing committed is lost: run the same command again, with fewer --workers if memory is short.',
    });
  }
}

/** One thread that extracts; it works on one request at a time. */
export class ExtractionWorker {
  private readonly thread: Worker;
  private pending: { resolve(reply: WorkerReply): void; reject(error: Error): void } | undefined;
  private failure: Error | undefined;

  constructor(setup: WorkerSetup) {
    this.thread = new Worker(new URL('./worker.js', import.meta.url), { workerData: setup });
    this.thread.on('message', (reply: WorkerReply) => {
      const { pending } = this;
      this.pending = undefined;
      if (reply.kind !== 'error') {
        pending?.resolve(reply);
        return;
      }
      const { code, message, hint, exitCode } = reply.error;
      pending?.reject(
        new S3LogExtractionError(code, message, hint === undefined ? {} : { hint }, exitCode),
      );
    });
    this.thread.on('error', (error) => this.fail(error));
    this.thread.on('exit', (code) => this.fail(new Error(`exit code ${code}`)));
  }

  /** @throws {S3LogExtractionError} that has nothing to do with one log file */
  call<K extends WorkerRequest['kind']>(
    request: Extract<WorkerRequest, { kind: K }>,
  ): Promise<Extract<WorkerReply, { kind: K }>> {
    return new Promise<WorkerReply>((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      this.pending = { resolve, reject };
      this.thread.postMessage(request);
    }) as Promise<Extract<WorkerReply, { kind: K }>>;
  }

  async close(): Promise<void> {
    this.thread.removeAllListeners('exit');
    await this.thread.terminate();
  }

  private fail(error: Error): void {
    this.failure ??= new WorkerDiedError(error);
    this.pending?.reject(this.failure);
    this.pending = undefined;
  }
}

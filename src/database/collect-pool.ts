import { Worker } from 'node:worker_threads';
import { S3LogExtractionError } from '../../cache/error.js';
import type { BatchRequest, CollectReply, CollectSetup } from './collect-messages.js';

/** A thread that collects is gone. */
export class CollectorDiedError extends S3LogExtractionError {
  constructor(cause: Error) {
    const why = (cause as NodeJS.ErrnoException).code ?? cause.name;
    super('COLLECTOR_DIED', `A thread that collects ended unexpectedly (${why}).`, {
      hint: 'What is committed is safe: run the same command again, with fewer --workers if memory is short.',
    });
  }
}

/** One thread with a connection of its own; it works on one transaction at a time. */
export class Collector {
  private thread: Worker | undefined;
  private pending:
    | { resolve(reply: CollectReply & { kind: 'done' }): void; reject(error: Error): void }
    | undefined;

  constructor(private readonly setup: CollectSetup) {}

  /** @throws {S3LogExtractionError} that has nothing to do with one log object alone */
  collect(request: BatchRequest): Promise<CollectReply & { kind: 'done' }> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.thread ??= this.start();
      this.thread.postMessage(request);
    });
  }

  /** Let it end. */
  async close(): Promise<void> {
    const { thread } = this;
    if (thread === undefined) return;
    this.thread = undefined;
    thread.removeAllListeners('exit');
    const ended = new Promise<void>((resolve) => {
      thread.once('exit', () => resolve());
    });
    // What it has in hand, if anything, is rolled back by the server.
    if (this.pending === undefined) thread.postMessage('close');
    else await thread.terminate();
    await ended;
  }

  private start(): Worker {
    const thread = new Worker(new URL('./collect-thread.js', import.meta.url), {
      workerData: this.setup,
    });
    thread.on('message', (reply: CollectReply) => this.take(reply));
    thread.on('error', (error) => this.fail(new CollectorDiedError(error)));
    thread.on('exit', (code) => this.fail(new CollectorDiedError(new Error(`exit ${code}`))));
    return thread;
  }

  private take(reply: CollectReply): void {
    if (reply.kind === 'done') {
      const { pending } = this;
      this.pending = undefined;
      pending?.resolve(reply);
      return;
    }
    const { code, message, hint, exitCode } = reply.error;
    this.fail(
      new S3LogExtractionError(code, message, hint === undefined ? {} : { hint }, exitCode),
    );
  }

  private fail(error: Error): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.reject(error);
  }
}

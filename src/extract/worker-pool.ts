import type { Worker } from 'node:worker_threads';
import { S3LogExtractionError } from '../../cache/error.js';
import { kindOf } from '../../cache/internal-error.js';
import type {
  SettleRequest,
  SetupMessage,
  WorkerMessage,
  WorkerReply,
  WorkerRequest,
  WorkerSetup,
} from './worker-messages.js';
import type { WorkerThreads } from './worker-threads.js';
import type { WrittenSegments } from './write-batch.js';

/** A worker thread is gone. */
export class WorkerDiedError extends S3LogExtractionError {
  /** @param cause anything: code of others runs there, too */
  constructor(cause: unknown) {
    super('WORKER_DIED', `An extraction worker ended unexpectedly (${kindOf(cause)}).`, {
      hint: 'Nothing committed is lost: run the same command again, with fewer --workers if memory is short.',
    });
  }
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** One thread that extracts; it works on one request at a time, and stores what was flushed meanwhile. */
export class ExtractionWorker {
  private thread: Worker | undefined;
  private pending: Waiter<WorkerReply> | undefined;
  /** By commit. */
  private readonly storing = new Map<string, Waiter<WrittenSegments>>();
  /** By commit; undefined stands for all. */
  private readonly settling = new Map<string | undefined, () => void>();
  private failure: Error | undefined;
  private isGone = false;

  /**
   * @param threads where its thread comes from, once there is something to do
   * @param onLog takes what handlers of a pipeline tell
   */
  constructor(
    private readonly setup: WorkerSetup,
    private readonly threads: WorkerThreads,
    private readonly onLog: (level: 'info' | 'warning', message: string) => void = () => undefined,
  ) {}

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
      this.thread ??= this.start();
      this.thread.postMessage(request);
    }) as Promise<Extract<WorkerReply, { kind: K }>>;
  }

  /**
   * Have the worker write what it has in hand.
   *
   * @returns once it can go on with something else; `stored` settles when what it wrote is durable
   */
  async flush(commit: string): Promise<{ stored: Promise<WrittenSegments> }> {
    const stored = new Promise<WrittenSegments>((resolve, reject) => {
      this.storing.set(commit, { resolve, reject });
    });
    // Whoever waits for it hears of a failure; nobody may, when the call itself fails.
    stored.catch(() => undefined);
    await this.call({ kind: 'flush', commit });
    return { stored };
  }

  /**
   * Have the handlers of a pipeline commit, or roll back. Never fails: what they cannot do they tell, and a thread that is gone does nothing any more.
   *
   * @param commit undefined: all that are not real, which never will be
   */
  settle(commit: string | undefined, isReal: boolean): Promise<void> {
    const { thread } = this;
    if (thread === undefined || this.isGone) return Promise.resolve();
    return new Promise((resolve) => {
      this.settling.set(commit, resolve);
      thread.postMessage({ kind: 'settle', commit, isReal } satisfies SettleRequest);
    });
  }

  async close(): Promise<void> {
    this.thread?.removeAllListeners('exit');
    await this.thread?.terminate();
  }

  /** A thread takes a core some tens of milliseconds to start: it does so for a first request, if one comes at all. */
  private start(): Worker {
    const thread = this.threads.take();
    thread.on('message', (message: WorkerMessage) => this.take(message));
    thread.on('error', (error) => this.lose(new WorkerDiedError(error)));
    thread.on('exit', (code) => this.lose(new WorkerDiedError(new Error(`exit code ${code}`))));
    thread.postMessage({ kind: 'setup', setup: this.setup } satisfies SetupMessage);
    return thread;
  }

  private take(message: WorkerMessage): void {
    if (message.kind === 'stored') {
      this.storing.get(message.commit)?.resolve(message.segments);
      this.storing.delete(message.commit);
    } else if (message.kind === 'settled') {
      this.settling.get(message.commit)?.();
      this.settling.delete(message.commit);
    } else if (message.kind === 'log') {
      this.onLog(message.level, message.message);
    } else if (message.kind === 'error') {
      const { code, message: text, hint, exitCode } = message.error;
      this.fail(new S3LogExtractionError(code, text, hint === undefined ? {} : { hint }, exitCode));
    } else {
      const { pending } = this;
      this.pending = undefined;
      pending?.resolve(message);
    }
  }

  private lose(error: Error): void {
    this.isGone = true;
    for (const resolve of this.settling.values()) resolve();
    this.settling.clear();
    this.fail(error);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const waiter of [this.pending, ...this.storing.values()]) waiter?.reject(this.failure);
    this.pending = undefined;
    this.storing.clear();
  }
}

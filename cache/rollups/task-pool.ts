import { parentPort, Worker, workerData } from 'node:worker_threads';
import { fileAccessError, S3LogExtractionError } from '../error.js';
import { InternalError } from '../internal-error.js';

/** Does tasks one after the other, with what it remembers between them. */
export type TaskHandler<Task, Result> = (task: Task) => Result | Promise<Result>;

/** A thread that works on derived data is gone. */
export class TaskThreadError extends S3LogExtractionError {
  constructor(cause: Error) {
    const why = (cause as NodeJS.ErrnoException).code ?? cause.name;
    super('TASK_THREAD_DIED', `A thread ended unexpectedly (${why}).`, {
      hint: 'Nothing committed is lost: run the same command again; it may be short of memory.',
    });
  }
}

interface Reply<Result> {
  readonly result?: Result;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | undefined;
    readonly exitCode: number;
  };
}

/** One who does tasks: a thread, or this one. */
interface Doer<Task, Result> {
  run(task: Task): Promise<Result>;
  close(): Promise<void>;
}

/** Threads that do tasks of one kind; each task goes to one that has nothing to do. */
export class TaskPool<Task, Result> {
  readonly #doers: Doer<Task, Result>[] = [];
  readonly #idle: Doer<Task, Result>[] = [];
  readonly #waiting: ((doer: Doer<Task, Result>) => void)[] = [];

  /**
   * @param module of a thread; it calls {@link serveTasks}
   * @param setupOf what the thread of that number starts with
   * @param threads 1: no thread is made, `here` does the tasks
   * @param isHereFree whether this thread has nothing else to do than the tasks; if not, there is a thread for them always
   */
  constructor(
    module: URL,
    setupOf: (thread: number) => unknown,
    threads: number,
    here: (setup: unknown) => TaskHandler<Task, Result>,
    isHereFree = true,
  ) {
    for (let thread = 0; thread < threads; thread++) {
      const setup = setupOf(thread);
      this.#doers.push(threads === 1 && isHereFree ? inline(here(setup)) : inThread(module, setup));
    }
    this.#idle.push(...this.#doers);
  }

  get size(): number {
    return this.#doers.length;
  }

  /** Have a task done by whoever is free first. */
  async run(task: Task): Promise<Result> {
    const doer =
      this.#idle.pop() ??
      (await new Promise<Doer<Task, Result>>((resolve) => this.#waiting.push(resolve)));
    try {
      return await doer.run(task);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(doer);
      else next(doer);
    }
  }

  /**
   * Have many tasks done, with a few at a time in hand.
   *
   * @param shouldGoOn asked before each
   * @throws the first failure, once all in hand have ended
   */
  async runAll(
    tasks: Iterable<Task>,
    onResult: (result: Result) => void = () => {},
    shouldGoOn: () => boolean = () => true,
  ): Promise<void> {
    const iterator = tasks[Symbol.iterator]();
    let failure: { readonly error: unknown } | undefined;
    const lane = async (): Promise<void> => {
      while (failure === undefined && shouldGoOn()) {
        const next = iterator.next();
        if (next.done === true) return;
        try {
          onResult(await this.run(next.value));
        } catch (error) {
          failure ??= { error };
        }
      }
    };
    await Promise.all(this.#doers.map(lane));
    if (failure !== undefined) throw failure.error;
  }

  /** Have every thread do one task. Nothing else may be under way. */
  everywhere(taskOf: (thread: number) => Task): Promise<Result[]> {
    return Promise.all(this.#doers.map((doer, thread) => doer.run(taskOf(thread))));
  }

  async close(): Promise<void> {
    await Promise.all(this.#doers.map((doer) => doer.close()));
  }
}

/** In the module of a thread: do the tasks that come. */
export function serveTasks<Task, Result>(
  start: (setup: unknown) => TaskHandler<Task, Result>,
): void {
  const handler = start(workerData);
  parentPort?.on('message', async (task: Task) => {
    parentPort?.postMessage(await reply(handler, task));
  });
}

async function reply<Task, Result>(
  handler: TaskHandler<Task, Result>,
  task: Task,
): Promise<Reply<Result>> {
  try {
    return { result: await handler(task) };
  } catch (error) {
    const known = fileAccessError(error) ?? new InternalError('making sums and tables', error);
    const { code, message, hint, exitCode } = known;
    return { error: { code, message, hint, exitCode } };
  }
}

function inline<Task, Result>(handler: TaskHandler<Task, Result>): Doer<Task, Result> {
  return { run: async (task) => handler(task), close: async () => {} };
}

function inThread<Task, Result>(module: URL, setup: unknown): Doer<Task, Result> {
  const thread = new Worker(module, { workerData: setup });
  let pending: { resolve(result: Result): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    pending?.reject(failure);
  };
  thread.on('message', ({ result, error }: Reply<Result>) => {
    const { resolve, reject } = pending as NonNullable<typeof pending>;
    pending = undefined;
    if (error === undefined) resolve(result as Result);
    else reject(relayed(error));
  });
  thread.on('error', (error) => fail(new TaskThreadError(error)));
  thread.on('exit', (code) => fail(new TaskThreadError(new Error(`exit code ${code}`))));
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) reject(failure);
        pending = { resolve, reject };
        thread.postMessage(task);
      }),
    close: async () => {
      failure ??= new TaskThreadError(new Error('closed'));
      await thread.terminate();
    },
  };
}

function relayed(error: NonNullable<Reply<never>['error']>): S3LogExtractionError {
  const details = error.hint === undefined ? {} : { hint: error.hint };
  return new S3LogExtractionError(error.code, error.message, details, error.exitCode);
}

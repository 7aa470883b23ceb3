import { S3LogExtractionError } from '../../cache/error.js';
import type { Handler, HandlerFactory, PipelineEnv } from './handler.js';
import { reasonOf } from './reason-of.js';

/** A handler has thrown: the stream is as if it had never been. */
export class HandlerFailedError extends S3LogExtractionError {
  constructor(
    readonly handler: string,
    stream: string,
    cause: unknown,
  ) {
    super(
      'PIPELINE_HANDLER_FAILED',
      `The handler ${handler} failed at ${stream}: ${reasonOf(cause)}.`,
      {
        cause,
        hint: 'Nothing of it was committed: mend the handler, or take it out of the pipeline, and run the same command again.',
      },
    );
  }
}

/** So long `commit` or `rollback` of one handler may take: what never ends must not keep the run from its end. */
const PATIENCE_MS = 60_000;

/** A stream was used after its end. */
export class StreamEndedError extends S3LogExtractionError {
  constructor(stream: string) {
    super('PIPELINE_STREAM_ENDED', `The stream ${stream} has ended.`, {
      hint: 'Make another one: its handlers are made anew.',
    });
  }
}

/**
 * The handlers at work on one stream. Whoever has one calls {@link handle} for each piece of the stream, then {@link commit} or
 * {@link rollback}, once.
 */
export class Stream<Events, Env extends PipelineEnv = PipelineEnv> {
  private handlers: { readonly name: string; readonly handler: Handler<Events, Env> }[] | undefined;
  private state: 'open' | 'failed' | 'ended' = 'open';

  constructor(
    private readonly factories: readonly HandlerFactory<Events, Env>[],
    readonly env: Env,
  ) {}

  /**
   * Have each handler take the events that the one before it returned.
   *
   * @returns what the last one returned
   * @throws {HandlerFailedError} then {@link rollback} is all that may follow
   */
  handle(events: Events): Events {
    if (this.state !== 'open') throw new StreamEndedError(this.env.stream);
    this.handlers ??= this.makeHandlers();
    let current = events;
    for (const { name, handler } of this.handlers) {
      current = this.attempt(name, () => handler.handleEvents(current, this.env));
      if (current === undefined || current === null) {
        this.attempt(name, () => {
          throw new TypeError('it returned no events');
        });
      }
    }
    return current;
  }

  /** Have all handlers commit, in their order. Failures are logged, and so is one that takes more than a minute: it is left to itself. */
  async commit(): Promise<void> {
    if (this.state !== 'open') throw new StreamEndedError(this.env.stream);
    await this.end('commit');
  }

  /** Have all handlers roll back, the last one first. Failures are logged. Does nothing the second time. */
  async rollback(): Promise<void> {
    if (this.state === 'ended') return;
    this.handlers?.reverse();
    await this.end('rollback');
  }

  private async end(how: 'commit' | 'rollback'): Promise<void> {
    this.state = 'ended';
    for (const { name, handler } of this.handlers ?? []) {
      try {
        await inTime(handler[how]?.());
      } catch (error) {
        const { stream } = this.env;
        this.env.log('warning', `${how} of ${name} failed at ${stream}: ${reasonOf(error)}.`);
      }
    }
  }

  private makeHandlers() {
    const made: { readonly name: string; readonly handler: Handler<Events, Env> }[] = [];
    // Seen by `rollback` when one of them cannot be made.
    this.handlers = made;
    for (const factory of this.factories) {
      const { name } = factory;
      made.push({ name, handler: this.attempt(name, () => factory.create()) });
    }
    return made;
  }

  private attempt<T>(name: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.state = 'failed';
      throw new HandlerFailedError(name, this.env.stream, error);
    }
  }
}

/** @throws when something is promised, and does not come in time */
async function inTime(promised: void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`it did not end within ${PATIENCE_MS / 1000} seconds`);
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  try {
    await Promise.race([promised, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Run a whole stream through a pipeline: all handlers take its events, then all commit; when one throws, all roll back. It can be tried
 * again: handlers are made anew each time.
 *
 * @returns what the last handler returned
 * @throws {HandlerFailedError}
 */
export async function runPipeline<Events, Env extends PipelineEnv>(
  factories: readonly HandlerFactory<Events, Env>[],
  events: Events,
  env: Env,
): Promise<Events> {
  const stream = new Stream(factories, env);
  let result: Events;
  try {
    result = stream.handle(events);
  } catch (error) {
    await stream.rollback();
    throw error;
  }
  await stream.commit();
  return result;
}

/** An environment of its own for a stream. */
export function pipelineEnv(
  stream: string,
  log: PipelineEnv['log'] = () => undefined,
): PipelineEnv {
  return { stream, shared: new Map(), log };
}

/** What the handlers of one stream share. */
export interface PipelineEnv {
  /** Names the stream, in messages. */
  readonly stream: string;
  /** For what one handler leaves to those after it; new for each stream. */
  readonly shared: Map<string, unknown>;
  /** Tell somebody. Never content of logs that may hold an address. */
  log(level: 'info' | 'warning', message: string): void;
}

/**
 * One link of a pipeline. Made anew for each stream, so what it remembers is of that stream alone.
 *
 * Side effects belong in {@link commit} only: what {@link handleEvents} did outside of memory could not be taken back.
 *
 * @typeParam Events what a stream consists of: for `extract` {@link RecordEvents}, elsewhere often an array
 */
export interface Handler<Events, Env extends PipelineEnv = PipelineEnv> {
  /**
   * Take the events of a stream, or the next piece of them.
   *
   * @returns the events for the next handler: the same ones, changed ones, fewer or more
   * @throws anything: then no handler of this stream commits, and all of them roll back
   */
  handleEvents(events: Events, env: Env): Events;
  /** After all handlers have taken all events. A failure is logged, and does not stop the others. */
  commit?(): void | Promise<void>;
  /** In place of {@link commit}, when a handler of the stream has thrown. A failure is logged, and does not stop the others. */
  rollback?(): void | Promise<void>;
}

/** Makes a handler for one stream. */
export interface HandlerFactory<Events, Env extends PipelineEnv = PipelineEnv> {
  /** For messages. */
  readonly name: string;
  create(): Handler<Events, Env>;
}

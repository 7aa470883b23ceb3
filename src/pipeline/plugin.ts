import type { Handler } from './handler.js';
import type { RecordEnv, RecordEvents } from './record-events.js';

/** What stands under `with` in the pipeline file. */
export type HandlerOptions = Readonly<Record<string, unknown>>;

/** Columns that are only filled when a handler asks for them, since they cost time. */
export type OptionalColumn = 'agent';

/** What makes handlers, once its options are known. */
export interface ConfiguredHandler {
  /** Of what it decides by, if it has one: stands in every commit it had a part in. */
  readonly version?: string;
  /** Called for each stream. */
  create(): Handler<RecordEvents, RecordEnv>;
}

/** A module that makes handlers for the records of `extract`; its default export. */
export interface HandlerPlugin {
  readonly needs?: readonly OptionalColumn[];
  /**
   * Check the options; called once in each thread, and once before anything is extracted.
   *
   * @throws {RangeError} what is wrong with them, as a clause: `keys is not a text`
   */
  configure(options: HandlerOptions): ConfiguredHandler;
}

/** Gives a plug-in its types. */
export function defineHandler(plugin: HandlerPlugin): HandlerPlugin {
  return plugin;
}

/** For `configure`: refuse options there are not. @throws {RangeError} */
export function requireOptions(options: HandlerOptions, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new RangeError(`there is no option "${name}"`);
  }
}

/** For `configure`: an option that is a list of texts; undefined: left out. @throws {RangeError} */
export function textsOption(options: HandlerOptions, name: string): readonly string[] | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value;
  throw new RangeError(`${name} is not a list of texts`);
}

import type { Output } from './output.js';

/** Options that every command has. */
export interface GlobalOptions {
  readonly cache: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What every command works with. */
export interface CommandContext {
  /** The cache directory, absolute. */
  readonly cacheDirectory: string;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
}

export type OptionValue = string | number | boolean;

/** An option, by its name as it is typed (`dry-run`). All but booleans need a value. */
export type OptionSpec =
  | { readonly type: 'string'; readonly default?: string; readonly describe: string }
  | { readonly type: 'number'; readonly default?: number; readonly describe: string }
  | { readonly type: 'boolean'; readonly default: boolean; readonly describe: string }
  | {
      readonly type?: undefined;
      readonly choices: readonly string[];
      readonly default?: string;
      readonly describe: string;
    };

/** A text given by its place. */
export interface PositionalSpec {
  readonly describe: string;
  readonly required: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type PositionalSpecs = Readonly<Record<string, PositionalSpec>>;

/** What options and positionals come to, by their names in camelCase. */
export type Values = Readonly<Record<string, OptionValue | undefined>>;

/**
 * A command: data, so that help, the reading of plain lines and yargs all come from one place and
 * nothing needs to be loaded to know what it takes.
 */
export interface Command {
  /** Its last word, or `$0` for what its group does without one. */
  readonly name: string;
  readonly describe: string;
  readonly positionals: PositionalSpecs;
  readonly options: OptionSpecs;
  /** Command line (`$0` for the program) and what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** Do it. @returns the exit status; errors are thrown, not printed */
  run(values: Values & GlobalOptions, context: CommandContext): Promise<number>;
}

/** A word that other commands stand behind. */
export interface CommandGroup {
  readonly name: string;
  readonly describe: string;
  readonly commands: readonly (Command | CommandGroup)[];
  /** What to say when none of them is named; undefined when there is a `$0`. */
  readonly demand: string | undefined;
}

export type CommandNode = Command | CommandGroup;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type ValueOf<O extends OptionSpec> = O extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : O extends { readonly type: 'string' }
    ? string
    : O extends { readonly type: 'number' }
      ? number
      : boolean;

type OptionValues<O extends OptionSpecs> = {
  readonly [Name in keyof O & string as CamelCase<Name>]: O[Name] extends {
    readonly default: OptionValue;
  }
    ? ValueOf<O[Name]>
    : ValueOf<O[Name]> | undefined;
};

type PositionalValues<P extends PositionalSpecs> = {
  readonly [Name in keyof P & string as CamelCase<Name>]: P[Name]['required'] extends true
    ? string
    : string | undefined;
};

/** Define a command; what `run` gets is typed by the options and positionals. */
export function defineCommand<
  const O extends OptionSpecs = Record<never, never>,
  const P extends PositionalSpecs = Record<never, never>,
>(definition: {
  readonly name: string;
  readonly describe: string;
  readonly positionals?: P;
  readonly options?: O;
  readonly examples: Command['examples'];
  readonly run: (
    values: OptionValues<O> & PositionalValues<P> & GlobalOptions,
    context: CommandContext,
  ) => Promise<number>;
}): Command {
  return {
    ...definition,
    positionals: definition.positionals ?? {},
    options: definition.options ?? {},
    // Both readers of command lines hand over exactly what the specifications say.
    run: definition.run as Command['run'],
  };
}

export function isGroup(node: CommandNode): node is CommandGroup {
  return 'commands' in node;
}

/** Options of all commands, as {@link GlobalOptions} has their values. */
export const GLOBAL_OPTIONS = {
  cache: {
    type: 'string',
    describe: 'Cache directory (else S3_LOG_EXTRACTION_CACHE, else the configured one)',
  },
  json: {
    type: 'boolean',
    default: false,
    describe: 'Print the result as one line of JSON, last on stdout',
  },
  quiet: {
    type: 'boolean',
    default: false,
    describe: 'No progress and notes on stderr; warnings and errors stay',
  },
} as const satisfies OptionSpecs;

/** `dry-run` -> `dryRun`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `name [source]`, as help and yargs have it. */
export function signatureOf({ name, positionals }: Command): string {
  const words = Object.entries(positionals).map(([positional, { required }]) =>
    required ? `<${positional}>` : `[${positional}]`,
  );
  return [name, ...words].join(' ');
}

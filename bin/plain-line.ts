import {
  type Command,
  type CommandGroup,
  type CommandNode,
  camelCase,
  GLOBAL_OPTIONS,
  type GlobalOptions,
  isGroup,
  type OptionSpec,
  type OptionSpecs,
  type OptionValue,
  type Values,
} from './command.js';
import { findCommand } from './command-table.js';

/** What a plain command line asks for. */
export type PlainLine =
  | { readonly kind: 'run'; readonly command: Command; readonly values: Values & GlobalOptions }
  | {
      readonly kind: 'help';
      /** The command's words; empty for the program itself. */
      readonly path: readonly string[];
      readonly node: CommandNode | undefined;
    }
  | { readonly kind: 'version' };

/**
 * Read a command line that leaves no doubt: known words, known options with values that fit, in
 * their usual spellings. It means what yargs would make of it (a test compares the two).
 *
 * yargs takes longer to load than Node does to start, and nearly every line is of this kind; all
 * others, mistakes above all, are left to it.
 *
 * @returns undefined for any other line
 */
export async function readPlainLine(args: readonly string[]): Promise<PlainLine | undefined> {
  if (args.length === 1 && args[0] === '--version') return { kind: 'version' };
  const last = args.at(-1);
  if (last === '--help' || last === '-h') return readHelp(args.slice(0, -1));
  return readRun(args);
}

async function readHelp(path: readonly string[]): Promise<PlainLine | undefined> {
  if (path.length === 0) return { kind: 'help', path, node: undefined };
  let node = await findCommand(path[0])?.load();
  for (const word of path.slice(1)) node = childOf(node, word);
  return node === undefined ? undefined : { kind: 'help', path, node };
}

async function readRun(args: readonly string[]): Promise<PlainLine | undefined> {
  let node: CommandNode | undefined;
  const words: string[] = [];
  const given = new Map<string, OptionValue>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (!arg.startsWith('-')) {
      const isName = node === undefined || (isGroup(node) && childOf(node, arg) !== undefined);
      if (isName) {
        node = node === undefined ? await findCommand(arg)?.load() : childOf(node, arg);
        if (node === undefined) return undefined;
      } else if (isPlainText(arg)) {
        words.push(arg);
      } else {
        return undefined;
      }
      continue;
    }
    const [, name, inline] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined || given.has(name)) return undefined;
    // Before its command an option could mean anything, but for those that all commands have.
    const specs = optionsOf(node);
    if (!Object.hasOwn(specs, name)) return undefined;
    const spec = specs[name];
    const next = args[at + 1];
    const value = readValue(spec, inline, next);
    if (value === undefined) return undefined;
    if (spec.type !== 'boolean' && inline === undefined) at++;
    // What a group does by itself has begun: no more of its commands may follow.
    if (node !== undefined && isGroup(node) && !(name in GLOBAL_OPTIONS)) node = defaultOf(node);
    given.set(name, value);
  }
  const command = node !== undefined && isGroup(node) ? defaultOf(node) : node;
  if (command === undefined) return undefined;
  const values = valuesOf(command, given, words);
  return values && { kind: 'run', command, values };
}

function childOf(node: CommandNode | undefined, word: string): CommandNode | undefined {
  if (node === undefined || !isGroup(node) || word === '$0') return undefined;
  return node.commands.find(({ name }) => name === word);
}

function defaultOf(group: CommandGroup): Command | undefined {
  const node = group.commands.find(({ name }) => name === '$0');
  return node === undefined || isGroup(node) ? undefined : node;
}

function optionsOf(node: CommandNode | undefined): OptionSpecs {
  const command = node !== undefined && isGroup(node) ? defaultOf(node) : node;
  return { ...GLOBAL_OPTIONS, ...command?.options };
}

/** @returns undefined when it does not fit, or not beyond doubt */
function readValue(
  spec: OptionSpec,
  inline: string | undefined,
  next: string | undefined,
): OptionValue | undefined {
  if (spec.type === 'boolean') {
    const isBare = inline === undefined && next !== 'true' && next !== 'false';
    return isBare ? true : undefined;
  }
  const text = inline ?? next;
  if (text === undefined) return undefined;
  if (spec.type === 'number') return PLAIN_NUMBER.test(text) ? Number(text) : undefined;
  if (spec.type === undefined && !spec.choices.includes(text)) return undefined;
  return isPlainText(text) ? text : undefined;
}

const PLAIN_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;

/** yargs has rules of its own for quotes, dashes, what may be a number, and the word `help`. */
function isPlainText(text: string): boolean {
  if (text === 'help') return false;
  return /^[^-'"\s]/.test(text) && !/['"]/.test(text) && Number.isNaN(Number(text));
}

/** @returns undefined when positionals are missing, or too many */
function valuesOf(
  command: Command,
  given: ReadonlyMap<string, OptionValue>,
  words: readonly string[],
): (Values & GlobalOptions) | undefined {
  const positionals = Object.entries(command.positionals);
  const required = positionals.filter(([, positional]) => positional.required).length;
  if (words.length < required || words.length > positionals.length) return undefined;
  const values: Record<string, OptionValue | undefined> = {};
  for (const [name, spec] of Object.entries({ ...GLOBAL_OPTIONS, ...command.options })) {
    values[camelCase(name)] = given.get(name) ?? (spec as OptionSpec).default;
  }
  for (const [at, [name]] of positionals.entries()) values[camelCase(name)] = words[at];
  return values as Values & GlobalOptions;
}

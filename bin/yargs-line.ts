import yargs, { type Argv, type Options } from 'yargs';
import { S3LogExtractionError } from '../cache/error.js';
import {
  type Command,
  type CommandNode,
  camelCase,
  GLOBAL_OPTIONS,
  type GlobalOptions,
  isGroup,
  type OptionSpec,
  type OptionValue,
  signatureOf,
  type Values,
} from './command.js';
import { COMMANDS, PROGRAM } from './command-table.js';
import { EXIT_STATUS } from './exit-status.js';

/** The command line does not follow the rules. */
export class UsageError extends S3LogExtractionError {
  constructor(message: string) {
    super(
      'USAGE',
      message,
      { hint: 'Add --help to any command to see what it takes.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** Words of commands that take a secret: what stands behind them by mistake is not repeated. */
const SECRET_WORDS: ReadonlySet<string> = new Set(['skip-ips', 'rotate']);

/** A secret may have been given as an argument. */
class SecretArgumentError extends S3LogExtractionError {
  constructor() {
    super(
      'SECRET_ARGUMENT',
      'This command takes no such argument; it is not shown here, because it may be a secret.',
      {
        hint: 'Set the variable that --help names, or type the secret when asked, or give it on stdin: arguments show in the list of processes and in the history of the shell. If this one did, choose another.',
      },
      EXIT_STATUS.usage.status,
    );
  }
}

/** What is done with the command that a line names. */
export type Run = (command: Command, values: Values & GlobalOptions) => Promise<void>;

/**
 * The whole command line for yargs, not yet read: for lines that are not plain, and what the tests
 * compare help and plain lines with.
 *
 * @param columns width of help
 */
export async function buildYargs(
  args: readonly string[],
  { columns, version, run }: { columns: number; version: string; run: Run },
): Promise<Argv> {
  const line = yargs([...args]);
  // The texts of the commands are English whatever the user's locale is; so is the rest.
  line.locale('en');
  for (const [name, spec] of Object.entries(GLOBAL_OPTIONS)) line.option(name, yargsOption(spec));
  line.scriptName(PROGRAM.name).usage(`$0 <command>\n\n${PROGRAM.describe}`);
  for (const { load } of COMMANDS) addCommand(line, await load(), run, args);
  return line
    .demandCommand(1, PROGRAM.demand)
    .recommendCommands()
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .version(version)
    .help()
    .alias('help', 'h')
    .wrap(columns)
    .epilogue(
      Object.values(EXIT_STATUS)
        .map(({ status, meaning }) => `exit ${status}: ${meaning}`)
        .join('\n'),
    )
    .exitProcess(false)
    .fail((message, error) => {
      // Some mistakes yargs throws itself, with the text for the user as the error's.
      if (error && error.name !== 'YError') throw error;
      const text = message ?? error?.message ?? '';
      if (args.some((arg) => SECRET_WORDS.has(arg)) && /^(?:Unknown|Did you mean)/.test(text)) {
        throw new SecretArgumentError();
      }
      throw new UsageError(
        text.startsWith('Did you mean') ? `There is no such command. ${text}` : text,
      );
    });
}

function addCommand(line: Argv, node: CommandNode, run: Run, args: readonly string[]): void {
  const { describe } = node;
  if (isGroup(node)) {
    line.command({
      command: node.name,
      describe,
      builder: (group) => {
        for (const child of node.commands) addCommand(group, child, run, args);
        return node.demand === undefined ? group : group.demandCommand(1, node.demand);
      },
      handler: () => {},
    });
    return;
  }
  line.command({
    command: signatureOf(node),
    describe,
    builder: (command) => {
      for (const [name, positional] of Object.entries(node.positionals)) {
        command.positional(name, {
          type: 'string',
          describe: positional.describe,
          ...(positional.required ? { demandOption: true } : {}),
        });
      }
      for (const [name, spec] of Object.entries(node.options)) {
        command.option(name, yargsOption(spec));
      }
      for (const [example, what] of node.examples) command.example(example, what);
      return command;
    },
    handler: (values) => run(node, ownValues(node, values, args)),
  });
}

function yargsOption(spec: OptionSpec): Options {
  // Without a value they are mistakes; a choice is one by itself.
  return spec.type === 'string' || spec.type === 'number' ? { ...spec, requiresArg: true } : spec;
}

/** yargs gives every value under several names; commands get theirs under one. */
function ownValues(
  command: Command,
  values: Record<string, unknown>,
  args: readonly string[],
): Values & GlobalOptions {
  const specs = { ...GLOBAL_OPTIONS, ...command.options, ...command.positionals };
  // It makes an empty text of a lone dash, which stands for stdin.
  const hasDash = args.includes('-') && !args.includes('');
  const given = (name: string): OptionValue | undefined => {
    const value = values[camelCase(name)] as OptionValue | undefined;
    return hasDash && value === '' && name in command.positionals ? '-' : value;
  };
  return Object.fromEntries(
    Object.keys(specs).map((name) => [camelCase(name), given(name)]),
  ) as Values & GlobalOptions;
}

import {
  type Command,
  type CommandNode,
  GLOBAL_OPTIONS,
  isGroup,
  type OptionSpec,
  type OptionSpecs,
  signatureOf,
} from './command.js';
import { COMMANDS, PROGRAM } from './command-table.js';
import { EXIT_STATUS } from './exit-status.js';
import { type HelpRow, layOutRows, wrapText } from './help-layout.js';

/**
 * What `--help` prints for the program or for a command: character for character what yargs would
 * (a test compares the two), which takes longer to load than Node to start.
 *
 * @param path the command's words; empty for the program
 * @param columns no word is longer than half of it
 */
export function helpText(
  path: readonly string[],
  node: CommandNode | undefined,
  columns: number,
): string {
  const blocks = node === undefined ? programBlocks(columns) : nodeBlocks(path, node, columns);
  return blocks.join('\n').trimEnd();
}

function programBlocks(columns: number): string[] {
  const commands = COMMANDS.map(({ signature, describe }) => ({
    label: `${PROGRAM.name} ${signature}`,
    text: describe,
  }));
  return [
    title('<command>', PROGRAM.describe, columns),
    layOutRows('Commands:', commands, columns),
    layOutRows('Options:', optionRows({}), columns),
    ...Object.values(EXIT_STATUS).flatMap(({ status, meaning }) =>
      wrapText(`exit ${status}: ${meaning}`, columns),
    ),
  ];
}

function nodeBlocks(path: readonly string[], node: CommandNode, columns: number): string[] {
  const command = isGroup(node) ? defaultOf(node.commands) : node;
  const before = path.slice(0, -1).map((word) => `${word} `);
  const usage = isGroup(node) ? node.name : signatureOf(node);
  const blocks = [title(before.join('') + usage, node.describe, columns)];
  if (isGroup(node)) {
    const rows = node.commands.map((child) => commandRow(path, child));
    blocks.push(layOutRows('Commands:', rows, columns));
  }
  const positionals = positionalRows(command);
  if (positionals.length > 0) blocks.push(layOutRows('Positionals:', positionals, columns));
  blocks.push(layOutRows('Options:', optionRows(command?.options ?? {}), columns));
  const examples = (command?.examples ?? []).map(([line, text]) => ({
    label: line.replaceAll('$0', PROGRAM.name),
    text,
  }));
  if (examples.length > 0) blocks.push(layOutRows('Examples:', examples, columns));
  return blocks;
}

function title(usage: string, describe: string, columns: number): string {
  return [...wrapText(`${PROGRAM.name} ${usage}\n\n${describe}`, columns), ''].join('\n');
}

function defaultOf(commands: readonly CommandNode[]): Command | undefined {
  return commands.find((node): node is Command => !isGroup(node) && node.name === '$0');
}

function commandRow(path: readonly string[], node: CommandNode): HelpRow {
  const signature = isGroup(node) ? node.name : signatureOf(node).replace(/^\$0 ?/, '');
  const label = [PROGRAM.name, ...path, signature].join(' ').trimEnd();
  return { label, text: node.describe, ...(node.name === '$0' ? { hint: '[default]' } : {}) };
}

function positionalRows(command: Command | undefined): HelpRow[] {
  return Object.entries(command?.positionals ?? {}).map(([label, { describe, required }]) => ({
    label,
    text: describe,
    hint: required ? '[string] [required]' : '[string]',
  }));
}

/** Room for `-h, ` before each long option. */
const SHORT_WIDTH = 4;

function optionRows(options: OptionSpecs): HelpRow[] {
  const row = ([name, spec]: [string, OptionSpec]): HelpRow => ({
    label: `--${name}`,
    indent: SHORT_WIDTH,
    text: spec.describe,
    hint: hintOf(spec),
  });
  return [
    ...Object.entries(GLOBAL_OPTIONS).map(row),
    { label: '--version', indent: SHORT_WIDTH, text: 'Show version number', hint: '[boolean]' },
    { label: '-h, --help', text: 'Show help', hint: '[boolean]' },
    ...Object.entries(options).map(row),
  ];
}

function hintOf(spec: OptionSpec): string {
  const parts =
    spec.type === undefined
      ? [`[choices: ${spec.choices.map((choice) => JSON.stringify(choice)).join(', ')}]`]
      : [`[${spec.type}]`];
  if (spec.default !== undefined) parts.push(`[default: ${JSON.stringify(spec.default)}]`);
  return parts.join(' ');
}

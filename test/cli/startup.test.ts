import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Command,
  type CommandNode,
  GLOBAL_OPTIONS,
  type GlobalOptions,
  isGroup,
  type OptionSpec,
  type Values,
} from '../../bin/command.js';
import { COMMANDS } from '../../bin/command-table.js';
import { helpText } from '../../bin/help-text.js';
import { readPlainLine } from '../../bin/plain-line.js';
import { buildYargs, UsageError } from '../../bin/yargs-line.js';
import { Sandbox } from '../support/cli.js';
import { logText } from '../support/truth.js';

interface Named {
  readonly path: readonly string[];
  readonly node: CommandNode | undefined;
}

const ALL: readonly Named[] = [
  { path: [], node: undefined },
  ...(await Promise.all(COMMANDS.map(({ load }) => load()))).flatMap((node) => below([], node)),
];
/** Everything that has help of its own: what a group does without a command is in the group's. */
const WITH_HELP = ALL.filter(({ node }) => node?.name !== '$0');
const COMMANDS_ONLY = ALL.flatMap(({ path, node }) =>
  node === undefined || isGroup(node) ? [] : [{ path, command: node }],
);

function below(before: readonly string[], node: CommandNode): Named[] {
  const path = node.name === '$0' ? before : [...before, node.name];
  const children = isGroup(node) ? node.commands.flatMap((child) => below(path, child)) : [];
  return [{ path, node }, ...children];
}

/** What yargs makes of a line: help, a command with its values, or a mistake. */
async function askYargs(args: readonly string[], columns = 100) {
  let run: { command: Command; values: Values & GlobalOptions } | undefined;
  const line = await buildYargs([], {
    columns,
    version: '1.2.3',
    run: async (command, values) => {
      run = { command, values };
    },
  });
  let text = '';
  await line.parseAsync([...args], {}, (_error: unknown, _values: unknown, output: string) => {
    text = output;
  });
  return { run, text };
}

describe('help', () => {
  it.each([60, 79, 80, 100])('is what yargs would print, %i columns wide', async (width) => {
    for (const { path, node } of WITH_HELP) {
      const { text } = await askYargs([...path, '--help'], width);
      expect(helpText(path, node, width)).toBe(text);
    }
    expect(WITH_HELP.length).toBeGreaterThan(20);
  });
});

describe('a plain line', () => {
  it.each(
    named([
      ['status'],
      ['--json', 'status', '--quiet'],
      ['--cache', 'there', 'status'],
      ['extract', 'logs', '--workers', '-1', '--limit=3', '--dry-run'],
      ['extract', 's3://bucket/prefix', '--cache=a=b'],
      ['update', '--from', 'logs', '--threshold', '0.5'],
      ['update', 'ip', 'regions', '--offline', '--batch-limit=1'],
      ['config', 'cache', 'set', '/data/my cache'],
    ]),
  )('is read without yargs: %s', async (_line, args) => {
    expect(await expectSameAsYargs(args)).toBe(true);
  });

  it.each(
    named([
      [],
      ['update', 'ip'],
      ['extract', '--workers=many'],
      ['extract', 'logs', '--wokers=2'],
      ['extract', 'logs', 'more'],
      ['extract', '--limit'],
      ['extract', '--limit', '--json'],
      ['extract', '--no-json'],
      ['extract', '--json=false'],
      ['extract', '--json', 'false'],
      ['extract', '--dryRun'],
      ['extract', '--mode=other'],
      ['extract', '--', 'logs'],
      ['extract', '007'],
      ['extract', 'help'],
      ['config', 'source', 'set', 'help'],
      ['extract', '"logs"'],
      ['config', 'cache', 'set'],
      ['update', '--from', 'logs', 'totals'],
      ['update', '$0'],
      ['status', '--limit=1'],
      ['constructor'],
      ['extract', '--constructor=1'],
      ['extrct', '--help'],
      ['--version', '--json'],
    ]),
  )('is none: %s', async (_line, args) => {
    expect(await readPlainLine(args)).toBeUndefined();
  });

  it('means what yargs makes of it', async () => {
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(someLine(), async (args) => {
        if (await expectSameAsYargs(args)) plain++;
      }),
      { numRuns: 100 },
    );
    expect(plain).toBeGreaterThan(40);
  });
});

function named(lines: readonly string[][]): [line: string, args: string[]][] {
  return lines.map((args) => [args.join(' '), args]);
}

/** @returns whether the line is plain */
async function expectSameAsYargs(args: readonly string[]): Promise<boolean> {
  const line = await readPlainLine(args);
  if (line?.kind !== 'run') return false;
  const asked = await askYargs(args).catch((error: unknown) => {
    if (error instanceof UsageError) return { run: undefined };
    throw error;
  });
  expect(asked.run?.command).toBe(line.command);
  expect(asked.run?.values).toEqual(line.values);
  return true;
}

const TEXTS = ['logs', '/a/b c', 's3://b/p', 'x=y', '.', 'ds1,ds2', 'ümlaut', 'update', 'ip'];
const ODD = [
  '',
  'help',
  '-1',
  '007',
  '1e3',
  '0x1f',
  'true',
  'false',
  '"q"',
  "it's",
  '-',
  '--',
  'NaN',
  ' ',
];
const NUMBERS = ['0', '1', '-2', '12', '2.5', '-0.25', '123456789012345'];

/** Lines of known words and options, their values mostly such as fit, in any order after the command. */
function someLine(): fc.Arbitrary<string[]> {
  return fc.constantFrom(...COMMANDS_ONLY).chain(({ path, command }) => {
    const options = Object.entries({ ...GLOBAL_OPTIONS, ...command.options }).map(([name, spec]) =>
      someOption(name, spec),
    );
    const words = Object.keys(command.positionals).map(() =>
      fc.constantFrom(...TEXTS, ...ODD).map((word) => [word]),
    );
    return fc
      .shuffledSubarray([...options, ...words])
      .chain((parts) => fc.tuple(...parts))
      .chain((parts) => fc.tuple(fc.constant(parts.flat()), fc.nat(2)))
      .map(([rest, leading]) =>
        leading === 0 && rest.length === 1 ? [...rest, ...path] : [...path, ...rest],
      );
  });
}

function someOption(name: string, spec: OptionSpec): fc.Arbitrary<string[]> {
  if (spec.type === 'boolean') return fc.constant([`--${name}`]);
  const usual = spec.type === undefined ? spec.choices : spec.type === 'number' ? NUMBERS : TEXTS;
  return fc
    .tuple(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...usual) },
        { weight: 1, arbitrary: fc.constantFrom(...ODD) },
      ),
      fc.boolean(),
    )
    .map(([value, isInline]) => (isInline ? [`--${name}=${value}`] : [`--${name}`, value]));
}

describe('what is loaded', () => {
  let sandbox: Sandbox;

  beforeEach(() => {
    sandbox = new Sandbox();
  });

  /** URLs of all modules that a command loads in its main thread, and what it printed. */
  async function loadedBy(args: readonly string[], name: string) {
    const record = join(sandbox.root, name);
    const hooks = `import{appendFileSync}from'node:fs';export function load(url,context,next){appendFileSync(process.env.LOADED,url+'\\n');return next(url,context)}`;
    const preload = `import{register}from'node:module';register(${JSON.stringify(dataUrl(hooks))})`;
    const env = { NODE_OPTIONS: `--import=${dataUrl(preload)}`, LOADED: record };
    const { status, stdout } = await sandbox.run(args, { env });
    return { status, stdout, urls: readFileSync(record, 'utf8').trim().split('\n') };
  }

  const libraries = (urls: readonly string[]): string[] =>
    urls.filter((url) => /node_modules|duckdb|sodium|\.node$/.test(url));

  it('for --version and the --help of every command is no library at all', async () => {
    const lines = [['--version'], ...WITH_HELP.map(({ path }) => [...path, '--help'])];
    const work = async (): Promise<void> => {
      for (let args = lines.pop(); args !== undefined; args = lines.pop()) {
        const { status, stdout, urls } = await loadedBy(args, args.join('-'));
        expect([args, status, libraries(urls)]).toEqual([args, 0, []]);
        expect(stdout).toMatch(args.at(-1) === '--help' ? /^s3logextraction / : /^\d/);
        expect(urls.some((url) => url.endsWith('/bin/cli.js'))).toBe(true);
        expect(urls.length).toBeLessThan(25);
      }
    };
    await Promise.all([work(), work(), work()]);
  });

  it('for status and stop is no library at all', async () => {
    sandbox.write('log', logText([{ key: 'ds/a', time: 1_700_000_000, client: 1, bytes: 1n }]));
    await sandbox.done('extract', 'logs');
    for (const args of [['status'], ['stop'], ['status', '--json']]) {
      const { status, urls } = await loadedBy(args, args.join('-'));
      expect([args, status, libraries(urls)]).toEqual([args, 0, []]);
    }
  });

  it('for a mistake is yargs and what it needs', async () => {
    const { status, urls } = await loadedBy(['extrct'], 'mistake');
    expect(status).toBe(2);
    expect(urls.some((url) => url.includes('/node_modules/yargs/'))).toBe(true);
    const heavy = /duckdb|sodium|hyparquet|maxmind|ipinfo|opencage|papaparse|fzstd|xxhash|\/yaml\//;
    expect(urls.filter((url) => heavy.test(url))).toEqual([]);
  });
});

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

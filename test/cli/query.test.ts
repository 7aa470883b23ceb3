import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Papa from 'papaparse';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeGarbage } from '../../cache/garbage.js';
import { cachePaths } from '../../cache/paths.js';
import { isReaderScratch, makeReaderScratch } from '../../cache/reader-scratch.js';
import { DIST, Sandbox } from '../support/cli.js';
import { logText, type TruthLine } from '../support/truth.js';

const PASSWORD = 'five random words are good';
const LINES: TruthLine[] = Array.from({ length: 120 }, (_, n) => ({
  key: `ds${n % 3}/file${n % 7}`,
  time: 1_700_000_000 + n * 9000,
  client: n % 60,
  bytes: 2n ** 55n + BigInt(n),
}));

let prepared: string;
let sandbox: Sandbox;

beforeAll(async () => {
  const first = new Sandbox();
  first.write('log', `${logText(LINES)}nonsense\n`);
  const ended = await first.run(['update', '--from', 'logs'], {
    env: { S3_LOG_EXTRACTION_PASSWORD: PASSWORD },
  });
  expect(ended.status).toBe(0);
  prepared = mkdtempSync(join(tmpdir(), 's3logextraction-query-'));
  cpSync(first.root, prepared, { recursive: true, preserveTimestamps: true });
});

beforeEach(() => {
  sandbox = new Sandbox();
  cpSync(prepared, sandbox.root, { recursive: true, preserveTimestamps: true });
});

afterAll(() => {
  rmSync(prepared, { recursive: true, force: true });
});

function query(...args: string[]) {
  return sandbox.run(['query', ...args]);
}

describe('rows are printed', () => {
  it('as a table, with their number beside it', async () => {
    const { status, stdout, stderr } = await query(
      'SELECT dataset, count(*) AS n, NULL AS nothing FROM records GROUP BY 1 ORDER BY 1',
    );
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        'dataset   n  nothing',
        '───────  ──  ───────',
        'ds0      40',
        'ds1      40',
        'ds2      40',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('3 rows.\n');
  });

  it('as JSON, integers with all their digits', async () => {
    const { stdout, json } = await query(
      "SELECT sum(bytes_sent) AS bytes, min(day) AS day, {'a': [1.50]} AS s, 'x' AS s FROM records",
      '--json',
    );
    const bytes = LINES.reduce((sum, line) => sum + (line.bytes ?? 0n), 0n);
    expect(stdout).toContain(`"rows":[{"bytes":${bytes},"day":"2023-11-14",`);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(json.columns.map((column: { name: string }) => column.name)).toEqual([
      ...['bytes', 'day', 's', 's:1'],
    ]);
    expect(json.rows[0]).toMatchObject({ s: { a: [1.5] }, 's:1': 'x' });
    expect([json.rowCount, json.isCut]).toEqual([1, false]);
  });

  it('as CSV that spreadsheets do not execute', async () => {
    const { stdout } = await query(
      "SELECT '=1+1' AS a, -5 AS \"@n\", '' AS empty, NULL AS nothing, 'x,\"y' AS q, E'l\\nm' AS l",
      '--csv',
    );
    expect(stdout).toBe('a,\'@n,empty,nothing,q,l\n\'=1+1,-5,"",,"x,""y","l\nm"\n');
  });

  it('as CSV that any reader takes, all of them', async () => {
    const { stdout } = await query('FROM records', '--csv');
    const { data, errors } = Papa.parse(stdout, { header: true, skipEmptyLines: true });
    expect([data.length, errors]).toEqual([LINES.length, []]);
  });

  it('no more than --limit, which is told', async () => {
    for (const format of [[], ['--csv'], ['--json']]) {
      const { stdout, stderr } = await query('FROM range(5000)', '--limit', '2500', ...format);
      expect(stdout).toContain('2499');
      expect(stdout).not.toContain('2500\n');
      expect(stderr).toMatch(/first 2,500 rows: there are more/);
    }
    const cut = await query('FROM range(5000)');
    expect(cut.stderr).toContain('The first 1,000 rows: there are more');
    const whole = await query('FROM range(7)', '--limit', '7', '--json');
    expect(whole.json.isCut).toBe(false);
  });

  it('with what moves a cursor escaped, and one line each', async () => {
    const { stdout } = await query("SELECT E'a\\x1b[2J\\nb\\tc\u202e' AS x");
    expect(stdout.split('\n')[2]).toBe('a\\u001b[2J\\nb\\tc\\u202e');
  });
});

describe('a statement is taken', () => {
  it('from a file', async () => {
    writeFileSync(join(sandbox.root, 'q.sql'), '-- what?\nSELECT count(*) AS n FROM files;\n');
    const { json } = await query('--file', 'q.sql', '--json');
    expect(json.rows).toEqual([{ n: 1 }]);
  });

  it('from stdin', async () => {
    const program = join(DIST, 'bin', 's3logextraction.js');
    const child = spawn(process.execPath, [program, 'query', '-', '--csv'], { env: sandbox.env });
    child.stdin.end('SELECT reason FROM rejects');
    let stdout = '';
    for await (const piece of child.stdout) stdout += piece;
    expect(stdout).toBe('reason\ntruncated_before_bucket\n');
  });
});

it('without a statement views, columns and examples are listed, and the examples work', async () => {
  const { stdout } = await query();
  expect(stdout).toBe((await query('--schema')).stdout);
  expect(stdout).toContain('records: one row for each request that was kept');
  const { json } = await query('--schema', '--json');
  for (const { sql } of json.examples) {
    const ended = await query(sql, '--json');
    expect([ended.status, ended.stderr]).toEqual([0, '']);
  }
});

describe('mistakes', () => {
  it('end in one paragraph, each with its status', async () => {
    for (const [args, status, code] of [
      [['SELECT 1; SELECT 2'], 2, 'SQL_REFUSED'],
      [[''], 2, 'SQL_REFUSED'],
      [["COPY records TO 'x'"], 2, 'SQL_REFUSED'],
      [["FROM read_csv('/etc/passwd')"], 2, 'SQL_REFUSED'],
      [['SELECT nosuch FROM records'], 1, 'SQL_FAILED'],
      [["SELECT getenv('HOME')"], 1, 'SQL_FAILED'],
      [['SELECT 1', '--csv', '--json'], 2, 'INVALID_QUERY_LINE'],
      [['SELECT 1', '--schema'], 2, 'INVALID_QUERY_LINE'],
      [['SELECT 1', '--file', 'x'], 2, 'INVALID_QUERY_LINE'],
      [['SELECT 1', '--limit', '-1'], 2, 'INVALID_QUERY_LINE'],
      [['--file', 'nothing.sql'], 1, 'QUERY_UNREADABLE'],
      [['SELECT 1', '--cache', 'nowhere'], 1, 'NO_CACHE'],
    ] as const) {
      const ended = await query(...args);
      expect(ended.stderr).toMatch(new RegExp(`^error: .*\n.+\n\\[${code}\\]\n$`));
      expect(ended.status).toBe(status);
      if (!args.includes('--json' as never)) expect(ended.stdout).toBe('');
    }
    expect(readdirSync(join(sandbox.cache, 'tmp'))).toEqual([]);
  }, 60_000);

  it('of a column are told with the columns there are', async () => {
    const { stderr } = await query('SELECT nosuch FROM records');
    expect(stderr).toContain('Referenced column "nosuch" not found');
    expect(stderr).toContain('records (key, dataset, asset_path,');
  });

  it('that show in the middle of the rows end in a line of JSON by itself', async () => {
    const sql = "SELECT if(i = 20000, error('x'), i::VARCHAR) AS i FROM range(30000) t(i)";
    const ended = await query(sql, '--json');
    expect(ended.status).toBe(1);
    expect(ended.json.error.code).toBe('SQL_FAILED');
  });
});

describe.skipIf(process.platform === 'win32')('a query that is on', () => {
  const ENDLESS = 'SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 3';

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at once by %s', async (signal) => {
    const { child, ended } = sandbox.start(['query', ENDLESS]);
    while (readdirSync(join(sandbox.cache, 'tmp')).length === 0) await wait(5);
    await wait(300);
    child.kill(signal);
    const { status, stdout } = await ended;
    expect([status, stdout]).toEqual([130, '']);
    expect(readdirSync(join(sandbox.cache, 'tmp'))).toEqual([]);
  });

  it('ends when nobody reads its rows any more', async () => {
    const { child, ended } = sandbox.start(['query', 'FROM range(1000000000000)', '--csv']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdout?.destroy();
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([0, '']);
    expect(readdirSync(join(sandbox.cache, 'tmp'))).toEqual([]);
  });

  it('keeps what it spills while others write', async () => {
    const { child, ended } = sandbox.start(['query', ENDLESS]);
    const tmp = join(sandbox.cache, 'tmp');
    while (readdirSync(tmp).length === 0) await wait(5);
    const [folder] = readdirSync(tmp);
    sandbox.write('more', logText(LINES.slice(0, 5)));
    const { status } = await sandbox.run(['extract', 'logs'], {
      env: { S3_LOG_EXTRACTION_PASSWORD: PASSWORD },
    });
    expect([status, readdirSync(tmp)]).toEqual([0, [folder]]);
    child.kill('SIGKILL');
    await ended;
    // Nobody is left to remove it but the next writer.
    removeGarbage(cachePaths(sandbox.cache), '');
    expect(readdirSync(tmp)).toEqual([]);
  });
});

it('a folder of a reader elsewhere is left alone for a day', () => {
  const paths = cachePaths(sandbox.cache);
  const own = makeReaderScratch(paths);
  expect(isReaderScratch(paths, own.slice(paths.tmp.length + 1))).toBe(true);
  const elsewhere = 'reader-1-2-0a1b2c3d-0123456789ab';
  mkdirSync(join(paths.tmp, elsewhere));
  mkdirSync(join(paths.tmp, 'reader-like'));
  removeGarbage(paths, '');
  expect(readdirSync(paths.tmp)).toContain(elsewhere);
  expect(readdirSync(paths.tmp)).not.toContain('reader-like');
  const before = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(join(paths.tmp, elsewhere), before, before);
  removeGarbage(paths, '');
  expect(readdirSync(paths.tmp)).toEqual([own.slice(paths.tmp.length + 1)]);
});

it('needs no key, and shows no address in whatever view', async () => {
  const addresses = new Set(
    readFileSync(join(sandbox.logs, 'log'), 'latin1').match(/\d+\.\d+\.\d+\.\d+/g),
  );
  expect(addresses.size).toBeGreaterThan(20);
  let text = '';
  for (const view of ['records', 'regions', 'files', 'rejects', 'summaries', 'totals']) {
    const { status, stdout } = await query(`FROM ${view}`, '--csv');
    expect(status).toBe(0);
    text += stdout;
  }
  for (const address of addresses) expect(text).not.toContain(address);
});

describe('a query that DuckDB does not let go of', () => {
  /** Until so many folders of readers are there. */
  async function scratchOf(count: number): Promise<void> {
    const { tmp } = cachePaths(sandbox.cache);
    const there = (): number =>
      existsSync(tmp) ? readdirSync(tmp).filter((name) => name.startsWith('reader-')).length : 0;
    while (there() !== count) await wait(10);
  }

  it('is ended by a second signal, and leaves nothing', async () => {
    const { child, ended } = sandbox.start(['query', 'SELECT list_sum(range(150000000))']);
    await scratchOf(1);
    child.kill('SIGINT');
    await wait(600);
    child.kill('SIGINT');
    const { status, signal } = await ended;
    // Should DuckDB have been quicker, it has ended by the first.
    expect([130, null]).toContain(status);
    expect(['SIGINT', null]).toContain(signal);
    await scratchOf(0);
  });

  it('or by the memory that it takes', async () => {
    const { status, signal, stderr, json } = await sandbox.run([
      ...['query', 'SELECT list_sum(range(4000000000))', '--json'],
    ]);
    expect([1, null]).toContain(status);
    expect(['SIGKILL', null]).toContain(signal);
    expect(stderr).toContain('[QUERY_TOO_LARGE]');
    expect(json.error.code).toBe('QUERY_TOO_LARGE');
    await scratchOf(0);
  });
});

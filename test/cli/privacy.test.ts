import { linkSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, Sandbox } from '../support/cli.js';
import { logLine, logText } from '../support/truth.js';

/** As logged; the 16 bytes; other ways to write it. */
const ADDRESSES: readonly (readonly [text: string, hex: string, ...others: string[]])[] = [
  ['203.0.113.77', '00000000000000000000ffffcb00714d'],
  ['198.51.100.23', '00000000000000000000ffffc6336417'],
  ['::ffff:192.0.2.145', '00000000000000000000ffffc0000291', '192.0.2.145', '::ffff:c000:291'],
  [
    '2001:db8:1234:5678:9abc:def0:1357:2468',
    '20010db8123456789abcdef013572468',
    '2001:0db8:1234:5678:9abc:def0:1357:2468',
  ],
  ['2001:DB8:AAAA::BEEF', '20010db8aaaa0000000000000000beef', '2001:db8:aaaa::beef'],
];

/** What must stand nowhere: texts, and bytes as they are, reversed, and as hexadecimal text. */
const NEEDLES = ADDRESSES.flatMap(([text, hex, ...others]) => {
  const bytes = Buffer.from(hex, 'hex');
  // A v4 address alone is short enough to occur by chance; with what precedes it, it is not.
  const raw = hex.startsWith('00000000000000000000ffff') ? bytes.subarray(10) : bytes;
  return [
    ...[text, text.toLowerCase(), ...others].map((form) => Buffer.from(form)),
    raw,
    Buffer.from(raw).reverse(),
    Buffer.from(hex.slice(-2 * raw.length)),
    Buffer.from(hex.slice(-2 * raw.length).toUpperCase()),
  ];
});

/** v4 addresses as numbers, which columns of integers could hold. */
const NUMBERS = ADDRESSES.filter(([, hex]) => hex.includes('ffff', 20)).flatMap(([, hex]) => {
  const bytes = Buffer.from(hex, 'hex').subarray(12);
  return [bytes.readUInt32BE(), bytes.readUInt32LE(), bytes.readInt32BE(), bytes.readInt32LE()];
});

const LINES = ADDRESSES.flatMap(([ip], i) =>
  [200, 206, 404].map((status) => ({
    key: `ds${i}/x`,
    time: 1_700_000_000 + i,
    client: 1,
    ip,
    bytes: 77n,
    status,
  })),
);

/** Rejected lines hold addresses, too. */
const BAD_LINES = LINES.map((line) => logLine(line).replace('"GET ', 'GET '));

const TEXT = logText(LINES) + BAD_LINES.map((line) => `${line}\n`).join('');

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function requireNone(what: string, bytes: Buffer): void {
  const found = NEEDLES.filter((needle) => bytes.includes(needle));
  expect([what, found.map(String)]).toEqual([what, []]);
}

let duckdb: DuckDBInstance;

beforeAll(async () => {
  duckdb = await DuckDBInstance.create(':memory:');
});

afterAll(() => duckdb.closeSync());

/** Every value of every column, as text and, of bytes, as they are. */
async function requireNoneInParquet(path: string): Promise<void> {
  const connection = await duckdb.connect();
  const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
  try {
    const table = `read_parquet('${path}')`;
    for (const [column, type] of await query(`DESCRIBE SELECT * FROM ${table}`)) {
      if (/INT/.test(String(type))) {
        const among = `SELECT count(*) FROM ${table} WHERE "${column}" IN (${NUMBERS.join()})`;
        expect(await query(among)).toEqual([[0n]]);
        continue;
      }
      for (const [value] of await query(`SELECT DISTINCT "${column}" FROM ${table}`)) {
        const bytes = (value as { bytes?: Uint8Array } | null)?.bytes;
        requireNone(path, bytes === undefined ? Buffer.from(String(value)) : Buffer.from(bytes));
      }
    }
  } catch (error) {
    // One that was being written when its process was killed: its pages are looked into all the same.
    if (!path.endsWith('.tmp') || (error as Error).name === 'AssertionError') throw error;
  } finally {
    connection.closeSync();
  }
}

/** Look into everything that a command could have written or said. */
async function requireNoAddress(sandbox: Sandbox, ...said: Ended[]): Promise<void> {
  const files = filesBelow(sandbox.root).filter((path) => !path.startsWith(`${sandbox.logs}/`));
  expect(files.length).toBeGreaterThan(2);
  for (const path of files) {
    const bytes = readFileSync(path);
    requireNone(path, bytes);
    requireNone(path, Buffer.from(relative(sandbox.root, path)));
    requireNone(`${path}, unpacked`, gunzipMembers(bytes));
    if (path.includes('.parquet')) await requireNoneInParquet(path);
  }
  for (const { stdout, stderr } of said) requireNone('output', Buffer.from(stdout + stderr));
}

/** Whatever in the bytes is compressed with gzip, as the pages of Parquet files are. */
function gunzipMembers(bytes: Buffer): Buffer {
  const members: Buffer[] = [];
  for (
    let at = bytes.indexOf('1f8b08', 'hex');
    at >= 0;
    at = bytes.indexOf('1f8b08', at + 1, 'hex')
  ) {
    try {
      members.push(gunzipSync(bytes.subarray(at), { finishFlush: 2 }));
    } catch {
      // Not the beginning of a member.
    }
  }
  return Buffer.concat(members);
}

describe('no address of the logs reaches the disk or the output', () => {
  it('of a run that goes well, nor of all stages after it', async () => {
    const sandbox = new Sandbox();
    sandbox.write('plain', TEXT);
    sandbox.write('2024-03-01-00-00-00-ABCDEF0123456789.gz', gzipSync(TEXT));
    const said = [
      await sandbox.run(['extract', 'logs', '--json']),
      await sandbox.run(['update']),
      await sandbox.run(['update', 'summaries', '--threshold', '0', '--modulus', '1']),
      await sandbox.run(['status', '--json']),
      await sandbox.run(['status']),
    ];
    expect(said.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
    expect(said[0]?.json.lines).toMatchObject({ kept: 20, skipped: 10, rejected: 30 });
    await requireNoAddress(sandbox, ...said);
    expect(() => requireNone('a log', Buffer.from(TEXT))).toThrow();
  });

  it('of a run that was killed', async () => {
    const sandbox = new Sandbox();
    const path = sandbox.write('0', TEXT.repeat(400));
    for (let i = 1; i < 400; i++) linkSync(path, join(sandbox.logs, String(i)));
    const { child, ended } = sandbox.start(['extract', 'logs', '--json']);
    // Killed when a worker has more in hand than it holds in memory, so that there is something to find.
    await sandbox.segmentsBegun();
    child.kill('SIGKILL');
    const killed = await ended;
    expect(killed.signal).toBe('SIGKILL');
    expect(readdirSync(join(sandbox.cache, 'segments'))).not.toEqual([]);
    await requireNoAddress(sandbox, killed);
  });

  it('of files that cannot be read, are no logs, or have changed', async () => {
    const sandbox = new Sandbox();
    sandbox.write('truncated.gz', gzipSync(TEXT).subarray(0, -20));
    sandbox.write('not-a-log', BAD_LINES.join('\n'));
    const changing = sandbox.write('changing', TEXT);
    const first = await sandbox.run(['extract', 'logs', '--json']);
    writeFileSync(changing, TEXT.repeat(2));
    const second = await sandbox.run(['extract', 'logs', '--json']);
    const third = await sandbox.run(['extract', 'logs/203.0.113.78', '--json']);
    expect([first, second, third].map(({ status }) => status)).toEqual([3, 3, 1]);
    await requireNoAddress(sandbox, first, second, third);
  });
});

describe('what is private is for its owner alone', () => {
  it.each(['000', '022', '077'])('under umask %s', async (umask) => {
    const sandbox = new Sandbox();
    sandbox.write('log', TEXT);
    for (const args of [
      ['extract', 'logs'],
      ['update'],
      ['config', 'cache', 'set', sandbox.cache],
    ]) {
      expect((await sandbox.run(args, { umask })).status).toBe(0);
    }
    const wrong: string[] = [];
    const check = (path: string, file: number, folder: number): void => {
      const stats = lstatSync(path);
      const mode = stats.mode & 0o777;
      if (mode !== (stats.isDirectory() ? folder : file)) wrong.push(`${path} ${mode.toString(8)}`);
      if (!stats.isDirectory()) return;
      for (const name of readdirSync(path)) {
        const isPublished = join(path, name) === join(sandbox.cache, 'summaries');
        if (isPublished || path.startsWith(join(sandbox.cache, 'summaries'))) {
          check(join(path, name), 0o644, 0o755);
        } else check(join(path, name), 0o600, 0o700);
      }
    };
    check(sandbox.cache, 0o600, 0o700);
    check(sandbox.config, 0o600, 0o700);
    expect(wrong).toEqual([]);
    expect(readdirSync(sandbox.config).sort()).toEqual(['config.json', 'key']);
    expect(readdirSync(sandbox.home)).toEqual([]);
    expect(readdirSync(sandbox.tmp)).toEqual([]);
  });
});

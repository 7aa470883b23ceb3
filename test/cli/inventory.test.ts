import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import {
  csvRow,
  type ListedObject,
  writeCsvInventory,
  writeParquetInventory,
} from '../support/inventory-writer.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logLine, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
let inventory: string;
beforeEach(() => {
  sandbox = new Sandbox();
  inventory = join(sandbox.root, 'inventory');
});

/** The name of a log of a day and hour in July 2024. */
function log(day: number, hour: number, n: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `2024-07-${two(day)}-${two(hour)}-00-00-${n.toString(16).toUpperCase().padStart(16, '0')}`;
}

function writeLog(name: string): void {
  const line = logLine({ key: 'ds/asset', time: 1_720_000_000, client: 1, bytes: 5n });
  sandbox.write(name, `${line}\n`);
}

/** What a bucket holds besides logs, and may list. */
const OTHERS: ListedObject[] = [
  { key: `logs/${log(1, 0, 99)}`, older: true },
  { key: `logs/${log(1, 0, 98)}`, deleted: true },
  { key: `elsewhere/${log(1, 0, 97)}` },
  { key: 'logs/' },
  { key: 'logs/notes.txt' },
  { key: 'logs/2024-02-30-00-00-00-0123456789ABCDEF' },
  { key: `logs/../${log(1, 0, 96)}` },
  { key: `logs/.hidden/${log(1, 0, 95)}` },
];
const LEFT_OUT = { outside: 1, other: 3, unsafe: 1, hidden: 1 };

describe('stats --inventory', () => {
  it('says that sizes are not listed where they are not', async () => {
    const rows = [1, 2].map((n) => `"logs-of-tests","logs/${log(1, 0, n)}"\n`).join('');
    writeCsvInventory(inventory, [rows], undefined, 'Bucket, Key');
    const stats = await sandbox.done('stats', '--inventory', inventory);
    expect(stats).toMatchObject({ files: 2, bytes: 0, withoutSize: 2 });
    const { stdout } = await sandbox.run(['stats', '--inventory', inventory]);
    expect(stdout).toContain('2 log files (sizes are not listed)');
    expect(stdout).toMatch(/2024-07 +2 +not listed/);
    expect(stdout).not.toContain('0 B');
  });

  it.each([
    [['stats', '--by', 'day'], '--by needs an inventory'],
    [['stats', '--inventory-prefix', 'logs'], '--inventory-prefix needs an inventory'],
    [['extract', 'logs', '--inventory-prefix', 'logs'], '--inventory-prefix needs an inventory'],
  ])('%j is refused', async (line, why) => {
    const ended = await sandbox.run(line);
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
  });

  it('is what extract asks about when nothing that is listed is there', async () => {
    const name = log(1, 0, 1);
    writeLog(name);
    writeCsvInventory(inventory, [[{ key: `archive/${name}` }]]);
    const args = ['extract', 'logs', '--inventory', inventory];
    const ended = await sandbox.run(args);
    expect([ended.status, ended.stdout]).toEqual([
      3,
      expect.stringContaining('--inventory-prefix'),
    ]);
    const right = await sandbox.run([...args, '--inventory-prefix', 'archive']);
    expect([right.status, right.stdout]).toEqual([
      0,
      expect.not.stringContaining('--inventory-prefix'),
    ]);
  });

  it.each(['CSV', 'Parquet'])('counts the logs that an inventory in %s lists', async (format) => {
    const logs: ListedObject[] = [];
    for (let n = 0; n < 300; n++) {
      const key = `logs/${n % 2 === 0 ? '2024/' : ''}${log((n % 20) + 1, n % 24, n)}`;
      logs.push({ key, size: 2 ** 40 + n, storage: n % 3 === 0 ? 'GLACIER' : 'STANDARD' });
    }
    const all = [
      ...OTHERS,
      ...logs,
      { key: 'logs/2023-12-31-23-00-00-0123456789ABCDEF.gz', size: 7 },
    ];
    if (format === 'CSV') writeCsvInventory(inventory, [all.slice(0, 100), all.slice(100)]);
    else await writeParquetInventory(inventory, all);
    const stats = await sandbox.done(
      'stats',
      '--inventory',
      inventory,
      '--inventory-prefix',
      'logs',
    );
    const bytes = (some: ListedObject[]) =>
      some.reduce((sum, { size }) => sum + (size as number), 0);
    const glacier = logs.filter(({ storage }) => storage === 'GLACIER');
    expect(stats).toMatchObject({
      files: 301,
      bytes: bytes(logs) + 7,
      first: '2023-12-31T23',
      last: '2024-07-20T23',
      leftOut: LEFT_OUT,
      storageClasses: {
        GLACIER: { files: 100, bytes: bytes(glacier) },
        STANDARD: { files: 201, bytes: bytes(logs) - bytes(glacier) + 7 },
      },
      periods: [
        { period: '2023-12', files: 1, bytes: 7 },
        { period: '2024-07', files: 300, bytes: bytes(logs) },
      ],
      inventory: { rows: 309, olderVersions: 1, deleteMarkers: 1, defects: 0, format },
    });
  });

  it('names rows that are malformed, and counts the others', async () => {
    const rows = [
      csvRow({ key: `logs/${log(1, 0, 0)}` }),
      '"half a r',
      csvRow({ key: log(2, 0, 1) }),
    ];
    writeCsvInventory(inventory, [rows.join('\n')]);
    const ended = await sandbox.run(['stats', '--inventory', inventory, '--by', 'day', '--json']);
    expect(ended.status).toBe(3);
    expect(ended.json.periods).toMatchObject([{ period: '2024-07-01' }, { period: '2024-07-02' }]);
    expect(ended.stderr).toContain('Row 2 of "data/2024-07-21T01-00Z-0.csv.gz"');
    expect(ended.stderr).not.toContain('half a r');
  });
});

describe('completion', () => {
  it('tells the days and hours with logs that are not extracted, and what is not listed', async () => {
    // Day 1: all; day 2: one of three; day 3: none; day 4: expired; day 22: newer than the inventory.
    const extracted = [
      log(1, 0, 1),
      log(1, 5, 2),
      log(2, 7, 3),
      log(4, 0, 4),
      log(4, 1, 5),
      log(22, 0, 6),
    ];
    for (const name of extracted) writeLog(name);
    writeLog('notes-of-no-day');
    await sandbox.done('extract', sandbox.logs);
    const listed = [
      log(1, 0, 1),
      `${log(1, 5, 2)}.gz`,
      log(2, 7, 3),
      log(2, 7, 13),
      log(2, 8, 14),
      log(3, 0, 15),
    ];
    writeCsvInventory(inventory, [listed.map((name) => ({ key: `logs/a/b/${name}` })), OTHERS]);
    const args = [
      'completion',
      '--inventory',
      inventory,
      '--inventory-prefix',
      's3://bucket/logs/',
    ];
    const days = await sandbox.done(...args);
    expect(days).toMatchObject({ listed: 6, extracted: 3, missing: 3, notListed: 3, newer: 1 });
    expect(days).toMatchObject({ share: 0.5, undated: 1, leftOut: LEFT_OUT });
    expect(days.periods).toEqual([
      { period: '2024-07-01', listed: 2, extracted: 2, missing: 0, notListed: 0 },
      { period: '2024-07-02', listed: 3, extracted: 1, missing: 2, notListed: 0 },
      { period: '2024-07-03', listed: 1, extracted: 0, missing: 1, notListed: 0 },
      { period: '2024-07-04', listed: 0, extracted: 0, missing: 0, notListed: 2 },
      { period: '2024-07-22', listed: 0, extracted: 0, missing: 0, notListed: 1 },
    ]);
    const hours = await sandbox.run([...args, '--by', 'hour']);
    expect(hours.stdout).toMatch(/2024-07-02T07 +2 +1 +1 +0\n2024-07-02T08 +1 +0 +1 +0\n/);
    expect(hours.stdout).toContain('6 log files, 3 extracted (50.00 %), 3 missing');
    expect(hours.stdout).not.toContain('2024-07-01');
    expect(hours.stdout).toMatch(/2024-07-04T01 +0 +0 +0 +1\n/);
    const mistyped = await sandbox.run([...args.slice(0, -1), 'lgos', '--json']);
    expect([mistyped.status, mistyped.json.listed, mistyped.json.share]).toEqual([3, 0, null]);
  });

  it('needs an inventory, and no cache', async () => {
    const without = await sandbox.run(['completion']);
    expect([without.status, without.stderr]).toEqual([2, expect.stringContaining('NO_INVENTORY')]);
    const nothing = await sandbox.run(['completion', '--inventory', inventory]);
    expect([nothing.status, nothing.stderr]).toEqual([
      1,
      expect.stringContaining('INVENTORY_NOT_FOUND'),
    ]);
    await writeParquetInventory(inventory, [{ key: log(1, 0, 1) }, { key: log(1, 0, 2) }]);
    const report = await sandbox.done('completion', '--inventory', inventory);
    expect(report).toMatchObject({ listed: 2, extracted: 0, missing: 2, share: 0 });
  });
});

describe('extract --inventory', () => {
  /** Lines of each log; a log is known by its number. */
  const linesOf = (n: number): TruthLine[] =>
    Array.from({ length: 20 }, (_, i) => ({
      key: `ds${i % 2}/asset-${i % 5}`,
      time: 1_720_000_000 + n * 3600 + i,
      client: n * 20 + i,
      bytes: 2n ** BigInt(n),
      status: i % 4 === 0 ? 206 : 200,
    }));
  const names = Array.from({ length: 12 }, (_, n) => log(3 + n, n, n));
  const write = (n: number, name = names[n] as string, zip = false): void => {
    const text = logText(linesOf(n));
    sandbox.write(name, zip ? gzipSync(text) : text);
  };
  const published = (): Map<string, string> => readTree(join(sandbox.cache, 'summaries'));
  const truth = (...logs: number[]): Map<string, string> =>
    expectedTree(logs.flatMap((n) => recordsOf(linesOf(n))));

  it('reads what an inventory lists, once, and names what is missing', async () => {
    // 0 to 3 are there, in several forms; 4 is not there; 5 is not listed; 6 was extracted and is gone.
    write(6);
    await sandbox.done('extract', sandbox.logs);
    rmSync(join(sandbox.logs, names[6] as string));
    write(0);
    write(1, `2024/07/${names[1]}`);
    write(2, `${names[2]}.gz`, true);
    write(3);
    write(5);
    const listed = [
      names[0],
      `2024/07/${names[1]}`,
      names[2],
      `${names[3]}.zst`,
      names[4],
      names[6],
    ];
    const objects = [...OTHERS, ...listed.map((name) => ({ key: `logs/${name}` }))];
    await writeParquetInventory(inventory, objects);
    const args = ['extract', sandbox.logs, '--inventory', inventory, '--inventory-prefix', 'logs'];

    const plan = await sandbox.run([...args, '--dry-run', '--json']);
    const report = {
      files: 6,
      missing: 1,
      missingNames: [names[4]],
      extractedAndGone: 1,
      leftOut: LEFT_OUT,
      defects: {},
    };
    expect(plan.json).toMatchObject({
      files: { found: 4, known: 0, new: 4, failed: 0 },
      listed: report,
    });
    const limited = await sandbox.run([...args, '--limit', '1', '--json']);
    expect(limited.json).toMatchObject({ files: { found: 4, extracted: 1 }, listed: report });
    const ended = await sandbox.run([...args, '--json']);
    expect(ended.json).toMatchObject({
      files: { found: 4, known: 1, extracted: 3, failed: 0 },
      listed: report,
    });
    expect([plan.status, limited.status, ended.status]).toEqual([3, 3, 3]);
    expect(ended.stderr).toContain(`Listed in the inventory, but not there: ${names[4]}.`);
    const again = await sandbox.run([...args, '--json']);
    expect(again.json).toMatchObject({ files: { found: 4, known: 4, extracted: 0 } });
    await sandbox.done('update');
    expect(published()).toEqual(truth(0, 1, 2, 3, 6));

    // What it does not list waits for a run without it, and then counts once.
    write(4);
    expect((await sandbox.done(...args)).files).toMatchObject({
      found: 5,
      known: 4,
      extracted: 1,
    });
    const { files } = await sandbox.done('extract', sandbox.logs);
    expect(files).toMatchObject({ found: 6, known: 5, extracted: 1 });
    await sandbox.done('update');
    expect(published()).toEqual(truth(0, 1, 2, 3, 4, 5, 6));
    expect((await sandbox.done('validate', 'cache')).findings).toEqual([]);
  });

  it('extracts nothing for an inventory that cannot be used, and makes no cache', async () => {
    write(0);
    const ended = await sandbox.run(['extract', sandbox.logs, '--inventory', inventory]);
    expect([ended.status, ended.stderr]).toEqual([
      1,
      expect.stringContaining('INVENTORY_NOT_FOUND'),
    ]);
    expect((await sandbox.run(['status'])).stderr).toContain('NO_CACHE');
  });
});

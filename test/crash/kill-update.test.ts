import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { killAfter, requireTidy } from '../support/kills.js';
import { readTree } from '../support/published-tree.js';
import { numbersFrom, randomLines } from '../support/random-lines.js';
import { accountOf, expectedTree, logText, recordsOf } from '../support/truth.js';

const PARTS = Array.from({ length: 8 }, (_, i) => randomLines(300, 200 + i));

/** Sealed address in hex -> index, of the whole table; fails on any repetition. */
async function readIndexes(sandbox: Sandbox): Promise<Map<string, bigint>> {
  const folder = join(sandbox.cache, 'ips', 'indexes');
  if (readdirSync(folder).every((name) => !name.endsWith('.parquet'))) return new Map();
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT CAST(requester AS VARCHAR), "index" FROM read_parquet('${folder}/*.parquet')`,
  );
  const rows = reader.getRows() as [string, bigint][];
  connection.closeSync();
  instance.closeSync();
  expect(new Set(rows.map(([requester]) => requester)).size).toBe(rows.length);
  expect(new Set(rows.map(([, index]) => index)).size).toBe(rows.length);
  return new Map(rows);
}

async function publishedExactly(sandbox: Sandbox, parts: number): Promise<void> {
  const lines = PARTS.slice(0, parts).flat();
  expect((await sandbox.done('status')).lines).toMatchObject(accountOf(lines));
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(lines)));
  const clients = new Set(recordsOf(lines).map(({ requester }) => requester));
  clients.delete(0);
  expect((await readIndexes(sandbox)).size).toBe(clients.size);
  requireTidy(sandbox);
}

it('the CRON line, killed 16 times at random while logs arrive, comes to the same', async () => {
  await Promise.all([nights(1), nights(2)]);
});

async function nights(seed: number): Promise<void> {
  const sandbox = new Sandbox();
  const below = numbersFrom(Date.now() + seed);
  for (let i = 0; i < 8; i++) {
    sandbox.write(`log-${i}`, logText(PARTS[i] ?? []));
    await killAfter(sandbox, ['update', '--from', 'logs'], below(1_200));
  }
  await sandbox.done('update', '--from', 'logs');
  await publishedExactly(sandbox, 8);
}

it('stages killed 12 times at random: indexes stay as they are, and unique', async () => {
  await Promise.all([stages(1), stages(2)]);
});

async function stages(seed: number): Promise<void> {
  const sandbox = new Sandbox();
  const below = numbersFrom(Date.now() + seed);
  let known = new Map<string, bigint>();
  for (let i = 0; i < 6; i++) {
    sandbox.write(`log-${i}`, logText(PARTS[i] ?? []));
    await sandbox.done('extract', 'logs');
    const stage = i % 3 === 2 ? ['summaries'] : ['ip', 'indexes'];
    await killAfter(sandbox, ['update', ...stage], 150 + below(700));
    const now = await readIndexes(sandbox);
    for (const [requester, index] of known) expect(now.get(requester)).toBe(index);
    known = now;
  }
  await sandbox.done('update');
  const after = await readIndexes(sandbox);
  for (const [requester, index] of known) expect(after.get(requester)).toBe(index);
  await publishedExactly(sandbox, 6);
}

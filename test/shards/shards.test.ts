import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { listCommits, readCommit } from '../../cache/commit-record.js';
import { acquireLock } from '../../cache/lock.js';
import { lockFilePath, readHighestLock } from '../../cache/lock-file.js';
import { cachePaths } from '../../cache/paths.js';
import { shardPlace } from '../../cache/shards/shard-locks.js';
import { shardOf } from '../../cache/shards/shard-of.js';
import { generateBenchmark } from '../../src/testing/generate-benchmark.js';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = new Sandbox();
  await generateBenchmark({ directory: sandbox.logs, sizeMb: 1 });
});

function paths(of = sandbox) {
  return cachePaths(of.cache);
}

/** What one process publishes of the same logs. */
async function expected(): Promise<Map<string, string>> {
  const cache = join(sandbox.root, 'whole');
  await sandbox.done('extract', 'logs', '--cache', cache);
  await sandbox.done('update', '--cache', cache);
  return readTree(join(cache, 'summaries'));
}

function shards(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i + 1}/${count}`);
}

it('each name falls to one shard, always the same, and all shards get some', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 65_536 }), (name, n) => {
      const shard = shardOf(name, n);
      expect(Number.isInteger(shard) && shard >= 1 && shard <= n).toBe(true);
      expect(shardOf(name, n)).toBe(shard);
    }),
  );
  // Known by heart: shards of another version must agree.
  expect(shardOf('2024-01-01-00-00-00-0123456789ABCDEF', 7)).toBe(SHARD_OF_7);
  const counts = new Array(7).fill(0);
  for (let n = 0; n < 7000; n++) counts[shardOf(`log-${n}`, 7) - 1]++;
  expect(Math.min(...counts)).toBeGreaterThan(850);
});

const SHARD_OF_7 = 7;

describe('shards', () => {
  it.each([2, 3, 7])(
    '%i of them, side by side, come to the bytes of one process',
    async (count) => {
      const whole = await expected();
      const ended = await Promise.all(
        shards(count).map((shard) => sandbox.done('extract', 'logs', '--shard', shard)),
      );
      const files = ended.map(({ files: { extracted } }) => extracted);
      expect(files.reduce((sum, n) => sum + n, 0)).toBe(readdirSync(sandbox.logs).length);
      await sandbox.done('update');
      expect(readTree(paths().summaries)).toEqual(whole);
      // Another division, and none, find nothing new.
      for (const args of [['--shard', '1/2'], ['--shard', '2/2'], []]) {
        const { files: again } = await sandbox.done('extract', 'logs', ...args);
        expect(again.extracted).toBe(0);
      }
      expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    },
  );

  it('one that was killed is started again, others may be divided otherwise', async () => {
    const whole = await expected();
    const { child, ended } = sandbox.start(['extract', 'logs', '--shard', '1/3']);
    const lock = shardPlace(paths(), { index: 1, count: 3 });
    while (readHighestLock(lock) === undefined) await new Promise((done) => setTimeout(done, 5));
    child.kill('SIGKILL');
    await ended;
    const { shards: seen } = await sandbox.done('status');
    expect(seen).toEqual([expect.objectContaining({ index: 1, count: 3, state: 'silent' })]);
    await sandbox.done('extract', 'logs', '--shard', '1/3');
    expect((await sandbox.done('status')).shards).toEqual([]);
    for (const shard of shards(5)) await sandbox.done('extract', 'logs', '--shard', shard);
    await sandbox.done('update');
    expect(readTree(paths().summaries)).toEqual(whole);
  });

  it('exclude whoever writes alone, those of another count, and their own double', async () => {
    await sandbox.done('extract', 'logs', '--limit', '0');
    const place = shardPlace(paths(), { index: 1, count: 2 });
    mkdirSync(paths().shards, { recursive: true });
    const held = acquireLock(place, { command: 'extract --shard 1/2', source: sandbox.logs });
    for (const [args, code] of [
      [['extract', 'logs'], 'CACHE_LOCKED'],
      [['update'], 'CACHE_LOCKED'],
      [['reset', 'extraction', '--yes'], 'CACHE_LOCKED'],
      [['extract', 'logs', '--shard', '1/2'], 'CACHE_LOCKED'],
      [['extract', 'logs', '--shard', '1/3'], 'SHARDS_DIFFER'],
      // Files that are not named by S3 have other names below another folder.
      [['extract', '.', '--shard', '2/2'], 'SHARDS_OTHER_SOURCE'],
    ] as const) {
      const { status, json } = await sandbox.run([...args, '--json']);
      expect([args, status, json.error.code]).toEqual([args, 4, code]);
    }
    expect(
      (await sandbox.done('extract', 'logs', '--shard', '2/2')).files.extracted,
    ).toBeGreaterThan(0);
    const { shards: seen } = await sandbox.done('status');
    expect(seen).toEqual([expect.objectContaining({ index: 1, count: 2, state: 'working' })]);
    held.release();
    const alone = acquireLock(paths(), { command: 'update' });
    const { status, json } = await sandbox.run(['extract', 'logs', '--shard', '1/2', '--json']);
    expect([status, json.error.code]).toEqual([4, 'CACHE_LOCKED']);
    alone.release();
    expect((await sandbox.done('extract', 'logs', '--shard', '1/2')).files.failed).toBe(0);
  });

  it('that were suspended for too long commit nothing once others went past them', async () => {
    await sandbox.done('extract', 'logs', '--limit', '0');
    mkdirSync(paths().shards, { recursive: true });
    const suspended = () => {
      const place = shardPlace(paths(), { index: 1, count: 2 });
      const lock = acquireLock(place, { command: 'extract --shard 1/2', source: sandbox.logs });
      // As if of another host, and silent for a day.
      const path = lockFilePath(place, lock.generation);
      const content = JSON.parse(readFileSync(path, 'utf8'));
      return { lock, path, silent: { ...content, host: 'elsewhere' } };
    };
    for (const args of [['--shard', '2/3'], []]) {
      const { lock, path, silent } = suspended();
      writeFileSync(path, `${JSON.stringify(silent)}\n`);
      const { utimesSync } = await import('node:fs');
      utimesSync(path, 1, 1);
      await sandbox.done('extract', 'logs', ...args);
      expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'CACHE_LOCK_LOST' }));
      lock.release();
    }
    expect(readdirSync(paths().shards)).toEqual([]);
  });

  it('of an empty cache have one mode, that of the first', async () => {
    await sandbox.done('extract', 'logs', '--shard', '1/2', '--mode', 'generic', '--limit', '0');
    const { status, json } = await sandbox.run([
      ...['extract', 'logs', '--shard', '2/2', '--mode', 'dandi', '--json'],
    ]);
    expect([status, json.error.code]).toEqual([1, 'OTHER_MODE']);
    await sandbox.done('extract', 'logs', '--mode', 'dandi', '--limit', '0');
    await sandbox.done('extract', 'logs', '--shard', '2/2', '--mode', 'dandi');
    const commits = listCommits(paths());
    expect(commits.map((name) => readCommit(paths(), name).mode)).toContain('dandi');
  });

  it('end at a request to stop, all of them', async () => {
    await generateBenchmark({ directory: sandbox.logs, sizeMb: 30 });
    const runs = shards(2).map((shard) =>
      sandbox.start(['extract', 'logs', '--shard', shard, '--workers', '1', '--json']),
    );
    for (const [i] of runs.entries()) {
      const place = shardPlace(paths(), { index: i + 1, count: 2 });
      while (readHighestLock(place)?.content?.state !== 'held') {
        await new Promise((done) => setTimeout(done, 5));
      }
    }
    expect((await sandbox.run(['stop'])).status).toBe(0);
    for (const { ended } of runs) expect((await ended).status).toBe(0);
    expect(readdirSync(paths().stop)).toEqual([]);
  });
});

describe('which shard it is', () => {
  it.each([
    [{ SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '7', SLURM_ARRAY_TASK_MIN: '1' }, [3, 7]],
    [{ SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '7', SLURM_ARRAY_TASK_MIN: '0' }, [1, 7]],
    [{ AWS_BATCH_JOB_ARRAY_INDEX: '6', AWS_BATCH_JOB_ARRAY_SIZE: '7' }, [7, 7]],
    [{ JOB_COMPLETION_INDEX: '1', JOB_COMPLETION_COUNT: '2' }, [2, 2]],
    [
      { SLURM_ARRAY_TASK_ID: '9', SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '1' },
      undefined,
    ],
  ] as const)('is told by the cluster: %o', async (env, told) => {
    const { status, json, stderr } = await sandbox.run(['extract', 'logs', '--dry-run', '--json'], {
      env,
    });
    if (told === undefined) {
      expect([status, json.error.code]).toEqual([2, 'INVALID_SHARD']);
      return;
    }
    expect(stderr).toContain(`Shard ${told[0]} of ${told[1]}`);
    const same = await sandbox.done('extract', 'logs', '--dry-run', '--shard', told.join('/'));
    expect(json.files).toEqual(same.files);
    // Said on the command line it counts more.
    const all = await sandbox.run(['extract', 'logs', '--dry-run', '--json', '--shard=1/1'], {
      env,
    });
    expect(all.json.files.new).toBe(readdirSync(sandbox.logs).length);
  });

  it.each(['0/2', '3/2', '1', '1/0', 'a/b', '1/99999', '-1/2'])('is not %s', async (shard) => {
    const { status, json } = await sandbox.run(['extract', 'logs', `--shard=${shard}`, '--json']);
    expect([status, json.error.code]).toEqual([2, 'INVALID_SHARD']);
  });
});

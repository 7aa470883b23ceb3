import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../cache/lock.js';
import { cachePaths } from '../../cache/paths.js';
import { readTree } from '../support/published-tree.js';
import { randomLines } from '../support/random-lines.js';
import { SpoolSandbox } from '../support/spool.js';
import { expectedTree, logText, recordsOf } from '../support/truth.js';

const ONE = randomLines(40, 1);
const TWO = randomLines(30, 2);

let sandbox: SpoolSandbox;
beforeEach(() => {
  sandbox = new SpoolSandbox();
});
afterEach(() => sandbox.kill());

describe('a watcher', () => {
  it('takes files as they come and when they have settled, publishes, and ends well by SIGTERM', async () => {
    const { child, ended } = sandbox.watch(
      '--then',
      'summaries',
      '--health',
      'health.json',
      '--log-format',
      'json',
    );
    await sandbox.until('spool/failed/.moving');
    sandbox.put('one.log', logText(ONE));
    const growing = sandbox.put('sub/two.log', '');
    const lines = logText(TWO).split(/(?<=\n)/);
    for (const line of lines.slice(0, 12)) {
      appendFileSync(growing, line);
      await wait(50);
      expect(existsSync(growing)).toBe(true);
    }
    appendFileSync(growing, lines.slice(12).join(''));
    await sandbox.until('spool/archive/sub/two.log');
    await sandbox.until('spool/archive/one.log');
    // Totals, and tables of the archive, are for others to make.
    const expected = new Map(
      [...expectedTree(recordsOf([...ONE, ...TWO]))].filter(
        ([path]) => !/totals\.json$|^archive\//.test(path),
      ),
    );
    while (readTree(join(sandbox.cache, 'summaries')).size < expected.size) await wait(20);
    // Between rounds nobody holds the cache.
    while ((await sandbox.run(['update', 'summaries'])).status !== 0) await wait(50);
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
    child.kill('SIGTERM');
    const { status, stderr } = await ended;
    expect(status).toBe(0);
    const log = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(log.every(({ time, level, message }) => time && level === 'info' && message)).toBe(true);
    const health = JSON.parse(readFileSync(join(sandbox.root, 'health.json'), 'utf8'));
    expect(health).toMatchObject({
      version: 1,
      pid: child.pid,
      state: 'stopped',
      counts: { extracted: 2, archived: 2, failed: 0 },
      lastError: null,
    });
  });

  it('extracts at once what comes after a pause, and no more than once in an interval', async () => {
    const { child } = sandbox.start(['watch', 'spool', '--interval', '4', '--settle', '0.1']);
    sandbox.watchers.push(child);
    await sandbox.until('cache/watch');
    await wait(300);
    const from = performance.now();
    sandbox.put('one.log', logText(ONE));
    await sandbox.until('spool/archive/one.log');
    const first = performance.now();
    sandbox.put('two.log', logText(TWO));
    await sandbox.until('spool/archive/two.log');
    expect(first - from).toBeLessThan(3900);
    expect(performance.now() - first).toBeGreaterThan(3000);
  });

  it('excludes another one; "stop" on its cache ends it while it is idle, and no other', async () => {
    const { child, ended } = sandbox.watch('--json');
    await sandbox.until('cache/watch');
    const second = await sandbox.once();
    expect([second.status, second.report.error.code]).toEqual([4, 'SPOOL_LOCKED']);
    expect(second.report.error.message).toMatch(/is watched by process \d+ on .*watch --cache/);
    sandbox.put('one.log', logText(ONE));
    await sandbox.until('spool/archive/one.log');
    const { watching } = await sandbox.done('status');
    expect(watching).toMatchObject([{ spool: sandbox.spool, pid: child.pid }]);
    expect((await sandbox.run(['status'])).stdout).toContain(`watching:  ${sandbox.spool}, pid`);
    const other = await sandbox.run(['stop', '--cache', join(sandbox.root, 'other'), '--json']);
    expect(other.json).toEqual({ running: false, stopped: false });
    expect(await sandbox.done('stop')).toEqual({ running: true, stopped: true });
    expect((await ended).status).toBe(0);
    expect(await sandbox.done('stop')).toEqual({ running: false, stopped: false });
    expect((await sandbox.done('status')).watching).toEqual([]);
    // A dead one excludes nobody.
    const killed = sandbox.watch();
    sandbox.put('two.log', logText(TWO));
    await sandbox.until('spool/archive/two.log');
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await sandbox.done('stop')).toEqual({ running: false, stopped: false });
    expect((await sandbox.once()).status).toBe(0);
  });

  it('waits for another writer of the cache; "stop" and signals end that, too', async () => {
    await sandbox.once();
    const lock = acquireLock(cachePaths(sandbox.cache), { command: 'a long one' });
    sandbox.put('one.log', logText(ONE));
    const { child, ended } = sandbox.watch('--health', 'health.json');
    await sandbox.until('health.json');
    while (!readFileSync(join(sandbox.root, 'health.json'), 'utf8').includes('"state": "waiting"'))
      await wait(20);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect(status).toBe(0);
    expect(stderr).toContain('being written by process');
    expect(sandbox.files()).toEqual(['one.log']);
    sandbox.watch();
    await wait(300);
    lock.release();
    await sandbox.until('spool/archive/one.log');
  });

  it('outlives a failure, tells it in its health file, and goes on', async () => {
    sandbox.watch('--health', 'health.json');
    await sandbox.until('cache/watch');
    renameSync(join(sandbox.cache, 'commits'), join(sandbox.root, 'commits'));
    writeFileSync(join(sandbox.cache, 'commits'), '');
    sandbox.put('one.log', logText(ONE));
    const health = () => JSON.parse(readFileSync(join(sandbox.root, 'health.json'), 'utf8'));
    await sandbox.until('health.json');
    while (health().lastError === null) await wait(50);
    expect(health().lastError).toMatchObject({ code: expect.any(String) });
    expect(sandbox.files()).toEqual(['one.log']);
    execFileSync('rm', [join(sandbox.cache, 'commits')]);
    renameSync(join(sandbox.root, 'commits'), join(sandbox.cache, 'commits'));
    await sandbox.until('spool/archive/one.log');
    while (health().lastError !== null) await wait(50);
  });
});

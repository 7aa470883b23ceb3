import { linkSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { randomLines } from '../support/random-lines.js';
import { accountOf, expectedTree, logText, recordsOf } from '../support/truth.js';

const PIECE = randomLines(1_000, 11);

function sandboxWith(files: number): Sandbox {
  const sandbox = new Sandbox();
  const path = sandbox.write('0', logText(PIECE));
  for (let i = 1; i < files; i++) linkSync(path, join(sandbox.logs, String(i)));
  return sandbox;
}

describe('two processes on one cache', () => {
  it('the second writer is told who the first is, and changes nothing', async () => {
    const sandbox = sandboxWith(3_000);
    const { child, ended } = sandbox.start(['extract', 'logs', '--json']);
    await sandbox.locked();
    const commands = [
      ['extract', 'logs'],
      ['update', '--from', 'logs'],
      ['update'],
      ['update', 'ip', 'indexes'],
      ['update', 'summaries'],
      ['update', 'totals'],
      ['reset', 'extraction', '--yes'],
    ];
    child.kill('SIGSTOP');
    for (const command of commands) {
      const second = await sandbox.run([...command, '--json']);
      expect([command, second.status]).toEqual([command, 4]);
      expect(second.json.error.code).toBe('CACHE_LOCKED');
      expect(second.json.error.message).toContain(`process ${child.pid} on ${hostname()}`);
      expect(second.json.error.message).toMatch(/\(extract, since \d{4}-\d\d-\d\dT[\d:.]+Z\)/);
      expect(second.json.error.hint).toContain('s3logextraction stop');
    }
    child.kill('SIGCONT');
    await sandbox.done('stop');
    expect((await ended).status).toBe(0);
  });

  it('readers see whole states while another extracts', async () => {
    const sandbox = sandboxWith(3_000);
    await sandbox.done('extract', 'logs', '--limit=2');
    const { child, ended } = sandbox.start(['extract', 'logs', '--json']);
    await sandbox.locked();
    const status = await sandbox.done('status');
    expect(status.files).toBe(2);
    expect(status.lines.total).toBe(2 * PIECE.length);
    expect(status.running).toMatchObject({ command: 'extract', pid: child.pid });
    expect((await sandbox.run(['status'])).stdout).toContain(`pid ${child.pid} on ${hostname()}`);
    expect((await sandbox.done('config', 'cache', 'show')).files).toBe(2);
    expect((await sandbox.done('extract', 'logs/0', '--dry-run')).files.known).toBe(1);
    child.kill('SIGTERM');
    await ended;
  });

  it('take over the lock of a process that was killed, at once', async () => {
    const sandbox = sandboxWith(2_000);
    const { child, ended } = sandbox.start(['extract', 'logs']);
    await sandbox.locked();
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    expect((await sandbox.done('status')).running).toBeNull();
    expect(await sandbox.done('stop')).toEqual({ running: false, stopped: false });
    const next = await sandbox.done('extract', 'logs', '--limit=1');
    expect(next.files.extracted).toBe(1);
    expect(readdirSync(join(sandbox.cache, 'lock'))).toHaveLength(1);
  });

  it('CRON lines that overlap harm nothing', async () => {
    const sandbox = sandboxWith(8);
    const ended = await Promise.all(
      Array.from({ length: 4 }, () => sandbox.run(['update', '--from', 'logs', '--json'])),
    );
    const statuses = ended.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 0 && status !== 4)).toEqual([]);
    expect(statuses).toContain(0);
    const status = await sandbox.done('status');
    expect(status.files).toBe(8);
    expect(status.lines.total).toBe(8 * accountOf(PIECE).total);
    const expected = expectedTree(Array(8).fill(recordsOf(PIECE)).flat());
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
  });

  it('that make it at the same moment agree on one key', async () => {
    const sandbox = sandboxWith(2);
    const commands = [0, 1, 0, 1].map((file) => sandbox.run(['extract', `logs/${file}`, '--json']));
    for (const { status } of await Promise.all(commands)) expect([0, 4]).toContain(status);
    const key = readFileSync(join(sandbox.config, 'key'), 'utf8');
    await sandbox.done('extract', 'logs');
    expect(readFileSync(join(sandbox.config, 'key'), 'utf8')).toBe(key);
    expect((await sandbox.done('status')).files).toBe(2);
  });

  it('status is there from the first moment of a cache', async () => {
    const sandbox = sandboxWith(1);
    await sandbox.done('extract', 'logs');
    for (const name of readdirSync(sandbox.cache)) {
      if (name !== 'cache.json') rmSync(join(sandbox.cache, name), { recursive: true });
    }
    expect(await sandbox.done('status')).toMatchObject({ files: 0, commits: 0, running: null });
  });
});

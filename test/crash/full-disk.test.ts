import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { requireTidy } from '../support/kills.js';
import { readTree } from '../support/published-tree.js';
import { scratchDirectory } from '../support/scratch.js';
import { accountOf, expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

const mounts: string[] = [];

function mount(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    if (!mounts.includes(folder)) mounts.push(folder);
    return true;
  } catch {
    return false;
  }
}

afterEach(() => {
  for (const folder of mounts.splice(0)) execFileSync('umount', ['-l', folder]);
});

/** Only root may mount, and not in every container. */
function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = scratchDirectory();
  if (!mount(folder, 'size=1m')) return false;
  execFileSync('umount', [mounts.pop() as string]);
  return true;
}

/** Keys that cannot be compressed, so that segments need room. */
const FEW: TruthLine[] = Array.from({ length: 100 }, (_, i) => line('ds1', i));
const MANY: TruthLine[] = Array.from({ length: 30_000 }, (_, i) => line('ds2', i));

function line(dataset: string, i: number): TruthLine {
  const key = `${dataset}/${randomBytes(40).toString('hex')}`;
  return { key, time: 1_700_000_000 + i, client: 1 + (i % 500), bytes: BigInt(i) };
}

describe.skipIf(!mayMount())('a full disk', () => {
  it('is told, loses nothing, and the next run goes on once there is room', async () => {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.cache);
    mount(sandbox.cache, 'size=1m');
    sandbox.write('few', logText(FEW));
    await sandbox.done('extract', 'logs');
    sandbox.write('many', logText(MANY));
    for (const command of [
      ['extract', 'logs'],
      ['update', '--from', 'logs'],
    ]) {
      const { status, json, stderr } = await sandbox.run([...command, '--json']);
      expect(status).toBe(1);
      expect(json.error.code).toBe('CACHE_WRITE_FAILED');
      expect(json.error.message).toContain('ENOSPC');
      expect(json.error.hint).toContain('free some space');
      expect(stderr).not.toContain('reset');
      const after = await sandbox.done('status');
      expect([after.files, after.lines.total, after.running]).toEqual([1, FEW.length, null]);
    }

    mount(sandbox.cache, 'remount,size=64m');
    const { extraction } = await sandbox.done('update', '--from', 'logs');
    expect(extraction.files).toEqual({ found: 2, known: 1, extracted: 1, failed: 0 });
    const all = [...FEW, ...MANY];
    expect((await sandbox.done('status')).lines).toMatchObject(accountOf(all));
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(all)));
    requireTidy(sandbox);
  });

  it('while publishing leaves what was published before whole', async () => {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.cache);
    mount(sandbox.cache, 'size=64m');
    sandbox.write('few', logText(FEW));
    await sandbox.done('update', '--from', 'logs');
    const before = readTree(join(sandbox.cache, 'summaries'));
    sandbox.write('many', logText(MANY));
    await sandbox.done('extract', 'logs');
    const used = Number(
      execFileSync('df', ['--output=used', '-k', sandbox.cache]).toString().split('\n')[1],
    );
    mount(sandbox.cache, `remount,size=${used + 200}k`);
    const { status, stderr } = await sandbox.run(['update']);
    expect(status).toBe(1);
    expect(stderr).not.toContain('INTERNAL_ERROR');
    expect(stderr).toMatch(/disk|space|ENOSPC/i);
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(before);

    mount(sandbox.cache, 'remount,size=64m');
    await sandbox.done('update');
    const expected = expectedTree(recordsOf([...FEW, ...MANY]));
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
    expect(readdirSync(join(sandbox.cache, 'tmp'))).toEqual([]);
  });
});

import { linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { hasRead, reads } from '../support/process-reads.js';
import { randomLines } from '../support/random-lines.js';
import { accountOf, logText } from '../support/truth.js';

const PIECE = randomLines(700, 3);
const TIMES = 10;
const FILES = 3_000;
const PER_FILE = accountOf(PIECE).total * TIMES;

/** More than can be read before anybody asks it to stop, on a few megabytes of disk. */
function manyFiles(sandbox: Sandbox): void {
  const path = sandbox.write('0000', logText(PIECE).repeat(TIMES));
  for (let i = 1; i < FILES; i++) linkSync(path, join(sandbox.logs, String(i).padStart(4, '0')));
}

/** Leave a few files that are not extracted yet: files are read in the order of their names. */
function leave(sandbox: Sandbox, count: number): void {
  for (const name of readdirSync(sandbox.logs)) {
    if (Number(name) >= count) rmSync(join(sandbox.logs, name));
  }
}

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  manyFiles(sandbox);
});

async function requireWholeAfter(extracted: number): Promise<void> {
  expect(extracted).toBeLessThan(FILES);
  const status = await sandbox.done('status');
  expect(status.files).toBe(extracted);
  expect(status.lines.total).toBe(extracted * PER_FILE);
  expect(status.running).toBeNull();
  leave(sandbox, extracted + 5);
  const next = await sandbox.done('extract', 'logs');
  expect(next.files).toEqual({ found: extracted + 5, known: extracted, extracted: 5, failed: 0 });
  expect(next.stopped).toBe(false);
}

describe('a run that is asked to stop', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends well, keeps what it has and is continued by the next',
    async (signal) => {
      const { child, ended } = sandbox.start(['extract', 'logs', '--json', '--workers=2']);
      await hasRead(child.pid as number, 50_000_000);
      child.kill(signal);
      const { status, json, stderr } = await ended;
      expect(stderr).toContain('Stopping');
      expect(status).toBe(0);
      expect(json.stopped).toBe(true);
      expect(json.files.extracted).toBeGreaterThan(0);
      expect(json.lines.total).toBe(json.files.extracted * PER_FILE);
      await requireWholeAfter(json.files.extracted);
    },
  );

  it('by "stop" ends well; "stop" waits for it and says so', async () => {
    const { ended } = sandbox.start(['extract', 'logs', '--json', '--quiet']);
    await sandbox.locked();
    expect(await sandbox.done('stop')).toEqual({ running: true, stopped: true });
    const { status, json, stderr } = await ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(json.stopped).toBe(true);
    await requireWholeAfter(json.files.extracted);
  });

  it('within "update" publishes nothing more', async () => {
    const { child, ended } = sandbox.start(['update', '--from', 'logs', '--json']);
    await hasRead(child.pid as number, 50_000_000);
    child.kill('SIGTERM');
    const { status, json } = await ended;
    expect(status).toBe(0);
    expect(json.stopped).toBe(true);
    expect(json.extraction.stopped).toBe(true);
    expect(readdirSync(join(sandbox.cache, 'summaries'))).toEqual([]);
  });

  it('twice leaves at once with 130, and nothing committed is lost', async () => {
    leave(sandbox, 3);
    await sandbox.done('extract', 'logs');
    const line = { key: 'ds1/x', time: 1_700_000_000, client: 1 };
    // Gigabytes in one file, which a first request has finished.
    const member = gzipSync(logText([line]).repeat(20_000));
    const path = sandbox.write('large.gz', Buffer.concat(Array(1_500).fill(member)));
    const { child, ended } = sandbox.start(['extract', path, '--json']);
    await sandbox.locked();
    await reads(child.pid as number, path);
    child.kill('SIGTERM');
    // The two signals of one Ctrl-C under npm are told from two requests by time; a busy process may see two late, together.
    let isRunning = true;
    void ended.then(() => {
      isRunning = false;
    });
    for (let i = 0; i < 20 && isRunning; i++) {
      await wait(400);
      child.kill('SIGTERM');
    }
    expect((await ended).status).toBe(130);
    rmSync(path);
    const after = await sandbox.done('status');
    expect([after.files, after.lines.total]).toEqual([3, 3 * PER_FILE]);
    const next = await sandbox.done('extract', 'logs');
    expect(next.files).toEqual({ found: 3, known: 3, extracted: 0, failed: 0 });
  });
});

describe('stop', () => {
  it('with nothing running says so, with and without a cache', async () => {
    const nothing = { running: false, stopped: false };
    expect(await sandbox.done('stop')).toEqual(nothing);
    expect(readdirSync(sandbox.root)).not.toContain('cache');
    await sandbox.done('extract', 'logs', '--limit=1');
    expect(await sandbox.done('stop')).toEqual(nothing);
    expect((await sandbox.run(['stop'])).stdout).toBe('Nothing is running on this cache.\n');
  });

  it('gives up after --timeout, and the request holds', async () => {
    const { child, ended } = sandbox.start(['extract', 'logs', '--json']);
    await sandbox.locked();
    child.kill('SIGSTOP');
    const stop = await sandbox.run(['stop', '--timeout', '0.1', '--json']);
    expect(stop.status).toBe(1);
    expect(stop.json.error.code).toBe('STOP_TIMEOUT');
    child.kill('SIGCONT');
    expect((await ended).json.stopped).toBe(true);
  });

  it('says so when it cannot tell whom', async () => {
    leave(sandbox, 1);
    await sandbox.done('extract', 'logs');
    writeFileSync(join(sandbox.cache, 'lock', '000000000099.json'), 'junk');
    const { status, json, stderr } = await sandbox.run(['stop', '--json']);
    expect([status, json.error.code]).toEqual([1, 'UNKNOWN_RUN']);
    expect(stderr).toContain(join(sandbox.cache, 'lock'));
  });

  it.each(['soon', '-1'])('takes no --timeout=%s', async (timeout) => {
    const { status, json } = await sandbox.run(['stop', `--timeout=${timeout}`, '--json']);
    expect(status).toBe(2);
    expect(json.error.code).toBe('INVALID_TIMEOUT');
  });

  it('leaves no request that a later run would meet', async () => {
    leave(sandbox, 2);
    await sandbox.done('extract', 'logs', '--limit=1');
    writeFileSync(join(sandbox.cache, 'stop', 'a'.repeat(32)), '');
    const next = await sandbox.done('extract', 'logs');
    expect(next.files.extracted).toBe(1);
    expect(next.stopped).toBe(false);
    expect(readdirSync(join(sandbox.cache, 'stop'))).toEqual([]);
  });
});

import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { logText } from '../support/truth.js';

/** Those that a failed test leaves would go on for ever. */
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const text = logText([{ key: 'ds1/x', time: 1_700_000_000, client: 1 }]);

async function untilCommitted(sandbox: Sandbox, commits: number): Promise<void> {
  for (;;) {
    try {
      if (readdirSync(join(sandbox.cache, 'commits')).length >= commits) return;
    } catch {
      // No cache yet.
    }
    await wait(20);
  }
}

it('extract --every goes on until it is stopped, lets others write between, and sends spans', async () => {
  const sandbox = new Sandbox();
  const spans: Buffer[] = [];
  const receiver = createServer((request, response) => {
    request.on('data', (part: Buffer) => spans.push(part));
    request.on('end', () => response.end('{}'));
  });
  await new Promise<void>((ready) => receiver.listen(0, '127.0.0.1', ready));
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  };
  sandbox.write('secret-one', text);
  const { child, ended } = sandbox.start(['extract', 'logs', '--every', '0.02', '--json'], { env });
  children.push(child);
  await untilCommitted(sandbox, 1);
  // Between two times nobody holds the lock.
  for (let isWritten = false; !isWritten; ) {
    const { status } = await sandbox.run(['update', 'summaries']);
    expect([0, 4]).toContain(status);
    isWritten = status === 0;
  }
  sandbox.write('secret-two', text);
  await untilCommitted(sandbox, 2);
  child.kill('SIGTERM');
  const { status, stdout } = await ended;
  receiver.close();
  // 4: its last time may have found the cache locked.
  expect([0, 4]).toContain(status);
  const reports = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((report) => report.files !== undefined);
  expect(reports.length).toBeGreaterThan(1);
  expect(reports.reduce((sum, { files }) => sum + files.extracted, 0)).toBe(2);
  const sent = Buffer.concat(spans).toString();
  expect(sent).toContain('extract.records');
  expect(sent).not.toMatch(/secret|postgresql|198\.51/);
});

it('extract --every is ended by "stop" while it extracts, and takes sensible times only', async () => {
  const sandbox = new Sandbox();
  sandbox.write('one', text);
  const refused = await sandbox.run(['extract', 'logs', '--every', '0']);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('[INVALID_EVERY]')]);
  const { child, ended } = sandbox.start(['extract', 'logs', '--every', '0.0001', '--json']);
  children.push(child);
  await untilCommitted(sandbox, 1);
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  // Between two times there is nothing to stop.
  while (!isEnded) await sandbox.run(['stop']);
  expect((await ended).status).toBe(0);
});

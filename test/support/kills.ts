import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Sandbox } from './cli.js';
import { readTree } from './published-tree.js';

/** Start a command and kill it after some milliseconds, wherever it is by then. */
export async function killAfter(
  sandbox: Sandbox,
  args: readonly string[],
  delayMs: number,
): Promise<'killed' | 'done'> {
  const { child, ended } = sandbox.start(args);
  await wait(delayMs);
  child.kill('SIGKILL');
  const { signal, status, stderr } = await ended;
  expect(stderr).not.toMatch(/reset|corrupt|damaged|INTERNAL/i);
  if (signal === null) expect(status).toBe(0);
  return signal === 'SIGKILL' ? 'killed' : 'done';
}

/** Nothing may be left of runs that were killed, once another has ended well. */
export function requireTidy(sandbox: Sandbox): void {
  const files = [...readTree(sandbox.cache).keys()];
  expect(files.filter((file) => file.endsWith('.tmp') || file.startsWith('tmp/'))).toEqual([]);
  const named = readdirSync(join(sandbox.cache, 'commits')).flatMap((name) => {
    const text = readFileSync(join(sandbox.cache, 'commits', name), 'utf8');
    const { records, rejects, files: ledger } = JSON.parse(text);
    return [...records, ...rejects, ledger].map(({ file }: { file: string }) => file);
  });
  expect(readdirSync(join(sandbox.cache, 'segments')).sort()).toEqual(named.sort());
}

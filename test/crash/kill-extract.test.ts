import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { killAfter, requireTidy } from '../support/kills.js';
import { readTree } from '../support/published-tree.js';
import { numbersFrom, randomLines } from '../support/random-lines.js';
import { accountOf, expectedTree, logText, recordsOf } from '../support/truth.js';

/** At the same time, for most of the time is waiting. */
const SANDBOXES = 3;
const KILLS = 11;
const PARTS = Array.from({ length: 40 }, (_, i) => randomLines(400, 100 + i));
const TIMES = 5;
const LINES = PARTS.flatMap((part) => Array(TIMES).fill(part).flat());

it(`extractions killed ${SANDBOXES * KILLS} times at random come to the same as one left alone`, async () => {
  const ends = await Promise.all(Array.from({ length: SANDBOXES }, (_, seed) => tormented(seed)));
  expect(ends.reduce((sum, killed) => sum + killed)).toBeGreaterThan(0);
});

/** @returns how many runs were killed before they were done */
async function tormented(seed: number): Promise<number> {
  const sandbox = new Sandbox();
  for (const [i, part] of PARTS.entries()) {
    const text = logText(part).repeat(TIMES);
    sandbox.write(`${i % 4}/log-${i}`, i % 5 === 0 ? gzipSync(text) : text);
  }
  const below = numbersFrom(Date.now() + seed);
  const ends = { killed: 0, done: 0 };
  let extracted = 0;
  for (let i = 0; i < KILLS; i++) {
    // With a limit, so that there are many commits to be killed before, in and after.
    const options = [`--limit=${1 + below(3)}`, `--workers=${1 + below(3)}`];
    ends[await killAfter(sandbox, ['extract', 'logs', ...options], below(700))]++;
    if (i % 6 !== 5) continue;
    const { files, lines } = await sandbox.done('status').catch((error: Error) => {
      // Killed so early each time that there is no cache.
      expect(error.message).toContain('NO_CACHE');
      return { files: 0, lines: { total: 0 } };
    });
    expect(files).toBeGreaterThanOrEqual(extracted);
    expect(lines.total).toBe(files * 400 * TIMES);
    extracted = files;
  }
  const last = await sandbox.done('extract', 'logs');
  expect(last.files.found).toBe(PARTS.length);
  expect(last.files.known + last.files.extracted).toBe(PARTS.length);
  const status = await sandbox.done('status');
  expect(status.files).toBe(PARTS.length);
  expect(status.lines).toMatchObject(accountOf(LINES));
  requireTidy(sandbox);
  await sandbox.done('update');
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(LINES)));
  return ends.killed;
}

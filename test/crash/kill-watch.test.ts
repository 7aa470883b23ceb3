import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

/** `.ci/run` does more of the same. */
async function script(name: string, ...args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const seed = `--seed=${1 + Math.floor(Math.random() * 1e6)}`;
  try {
    return (await run(process.execPath, [path, ...args, seed])).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${name} ${seed}: ${stdout}${stderr}`);
  }
}

it('watchers killed and stopped at random, on spools that are fed all the time, count each record once and leave each file in one place', async () => {
  const said = await script('spool-storm.mjs', '--kills=10');
  expect(said).toMatch(/[1-9]\d* watchers killed in time, [1-9]\d* files delivered; 0 failed/);
});

it('a watcher that is killed, or fails, at any of its operations on spool and cache leaves what the next round finishes', async () => {
  expect(await script('spool-faults.mjs', '--injections=10')).toContain('10 passed, 0 failed');
});

it('so it does with excerpts of rejected lines', async () => {
  const said = await script('spool-faults.mjs', '--injections=6', '--excerpts');
  expect(said).toContain('6 passed, 0 failed');
});

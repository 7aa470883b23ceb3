import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { cachePaths } from '../../cache/paths.js';
import { publishedFindings } from '../../validation/published-files.js';
import { type Ended, Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';

/** Caches as earlier versions left them, with the logs of two nights that are in them and of a third that is not. */
const CACHES = fileURLToPath(new URL('../fixtures/caches', import.meta.url));
const PASSWORD = 'a fixture of format one';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});

function run(...args: string[]): Promise<Ended> {
  return sandbox.run(args, { env: { S3_LOG_EXTRACTION_PASSWORD: PASSWORD } });
}

async function done(...args: string[]): Promise<Ended> {
  const ended = await run(...args);
  expect([args, ended.status, ended.stderr]).toEqual([args, 0, expect.anything()]);
  return ended;
}

function published(): Map<string, string> {
  return readTree(join(sandbox.cache, 'summaries'));
}

describe.each(readdirSync(CACHES))('a cache of an earlier version (%s)', (name) => {
  it('is read as it is: the same bytes are published, no log is read again, and it grows', async () => {
    cpSync(join(CACHES, name, 'cache'), sandbox.cache, { recursive: true });
    cpSync(join(CACHES, name, 'logs'), sandbox.logs, { recursive: true });
    const before = published();
    expect(before.size).toBeGreaterThan(20);
    const notKnown = publishedFindings(cachePaths(sandbox.cache)).next();
    expect(notKnown).toEqual({ done: true, value: { unknown: before.size } });
    rmSync(join(sandbox.cache, 'summaries'), { recursive: true });
    await done('update');
    expect(published()).toEqual(before);
    const { json: validated } = await run('validate', 'cache', '--json');
    expect(validated).toMatchObject({ findings: [], publishedFilesNotKnown: 0 });
    const { json } = await done('extract', 'logs', '--json');
    expect(json.files).toMatchObject({ found: 6, known: 4, extracted: 2, failed: 0 });
    await done('update');
    const grown = published();
    // As if today's version had extracted everything.
    rmSync(sandbox.cache, { recursive: true });
    await done('update', '--from', 'logs');
    expect(published()).toEqual(grown);
  });

  it('can be mended, and its key be changed', async () => {
    cpSync(join(CACHES, name, 'cache'), sandbox.cache, { recursive: true });
    cpSync(join(CACHES, name, 'logs'), sandbox.logs, { recursive: true });
    const before = published();
    const segment = readdirSync(join(sandbox.cache, 'segments')).find((one) =>
      one.includes('.records.'),
    );
    const path = join(sandbox.cache, 'segments', segment as string);
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] as number) ^ 1;
    writeFileSync(path, bytes);
    await done('repair', 'logs');
    const rotated = await sandbox.run(['config', 'key', 'rotate'], {
      env: {
        S3_LOG_EXTRACTION_PASSWORD: PASSWORD,
        S3_LOG_EXTRACTION_NEW_PASSWORD: 'another one, just as long',
      },
    });
    expect([rotated.status, rotated.stderr]).toEqual([0, '']);
    await sandbox.done('update');
    expect(published()).toEqual(before);
  });
});

describe('a cache of a newer version', () => {
  it('is refused, with what to do, and left alone', async () => {
    await run('extract', 'logs');
    const path = join(sandbox.cache, 'cache.json');
    const file = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...file, version: 2 }));
    for (const command of [['extract', 'logs'], ['update'], ['status']]) {
      const ended = await run(...command);
      expect([command, ended.status]).toEqual([command, 1]);
      expect(ended.stderr).toContain('this version of s3logextraction reads up to 1');
      expect(ended.stderr).toContain('Install the current version');
    }
    expect(JSON.parse(readFileSync(path, 'utf8')).version).toBe(2);
  });
});

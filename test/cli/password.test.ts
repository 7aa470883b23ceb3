import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Json, Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf } from '../support/truth.js';

const LINES = [{ key: 'ds1/x', time: 1_700_000_000, client: 1, bytes: 5n }];
const RIGHT = { S3_LOG_EXTRACTION_PASSWORD: 'seven lamps over the grey harbour' };
const WRONG = { S3_LOG_EXTRACTION_PASSWORD: 'seven lamps over the grey harbor' };

/** Every file and folder with what shows that it was touched. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { ino, mtimeMs, mode, size } = lstatSync(path);
      const content = entry.isFile() ? readFileSync(path, 'base64') : '';
      return `${path} ${ino} ${mtimeMs} ${mode} ${size} ${content}`;
    })
    .sort();
}

async function refusal(sandbox: Sandbox, env: NodeJS.ProcessEnv): Promise<Json> {
  const before = stateOf(sandbox.root);
  for (const command of [
    ['update', '--from', 'logs'],
    ['extract', 'logs'],
  ]) {
    const { status, json, stdout, stderr } = await sandbox.run([...command, '--json'], { env });
    expect(status).toBe(1);
    expect(stderr).toContain(`[${json.error.code}]`);
    for (const secret of [RIGHT, WRONG].map((set) => set.S3_LOG_EXTRACTION_PASSWORD)) {
      expect(stdout + stderr).not.toContain(secret);
    }
    expect(stateOf(sandbox.root)).toEqual(before);
    if (command[0] === 'extract') return json.error;
  }
}

it('a cache made with a password opens with that one only, and a wrong one changes nothing', async () => {
  const sandbox = new Sandbox();
  sandbox.write('one', logText(LINES));
  expect((await sandbox.run(['extract', 'logs'], { env: RIGHT })).status).toBe(0);
  expect(readdirSync(sandbox.root)).not.toContain('config');
  sandbox.write('two', logText(LINES));
  expect((await refusal(sandbox, WRONG)).code).toBe('WRONG_PASSWORD');
  expect((await refusal(sandbox, {})).code).toBe('KEY_SOURCE_MISMATCH');
  expect((await sandbox.run(['extract', 'logs'], { env: RIGHT })).status).toBe(0);
  // Stages that neither seal nor open addresses need no password.
  await sandbox.done('update');
  const expected = expectedTree(recordsOf([...LINES, ...LINES]));
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
});

it.each(['short', 'abcabcabcabcabc'])(
  'the weak password %s is refused before anything is made',
  async (password) => {
    const sandbox = new Sandbox();
    sandbox.write('one', logText(LINES));
    const error = await refusal(sandbox, { S3_LOG_EXTRACTION_PASSWORD: password });
    expect(error.code).toBe('WEAK_PASSWORD');
    expect(error.message).not.toContain(password);
    expect(readdirSync(sandbox.root).sort()).toEqual(['home', 'logs', 'tmp']);
  },
);

it('a cache made with a key file needs that key file', async () => {
  const sandbox = new Sandbox();
  sandbox.write('one', logText(LINES));
  await sandbox.done('extract', 'logs');
  sandbox.write('two', logText(LINES));
  const path = join(sandbox.config, 'key');
  const key = readFileSync(path, 'utf8');
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect((await refusal(sandbox, RIGHT)).code).toBe('KEY_SOURCE_MISMATCH');

  rmSync(path);
  const lost = await refusal(sandbox, {});
  expect(lost.code).toBe('KEY_FILE_MISSING');
  expect(lost.hint).toContain('backup');

  writeFileSync(path, `${'0'.repeat(64)}\n`, { mode: 0o600 });
  expect((await refusal(sandbox, {})).code).toBe('WRONG_KEY_FILE');

  writeFileSync(path, key, { mode: 0o600 });
  expect((await sandbox.done('extract', 'logs')).files.extracted).toBe(1);
});

it('a key file inside the cache is refused', async () => {
  const sandbox = new Sandbox();
  sandbox.write('one', logText(LINES));
  const env = { S3_LOG_EXTRACTION_CONFIG_DIR: join(sandbox.cache, 'config') };
  expect((await refusal(sandbox, env)).code).toBe('KEY_FILE_IN_CACHE');
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DIST, Sandbox } from '../support/cli.js';
import { soundLine } from '../validation/sound-logs.js';

const BINARY = join(DIST, 'bin', 's3logextraction.js');

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});

describe.skipIf(process.platform === 'win32')('what the system does not grant', () => {
  it('is told in one paragraph where it is addresses, whatever wants them', async () => {
    sandbox.write('one.log', `${soundLine(1)}\n`);
    // Enough for Node, too little for any memory of WebAssembly.
    const script = 'ulimit -v 4000000 && exec "$0" "$@"';
    await sandbox.done('extract', sandbox.logs);
    for (const line of [
      ['extract', sandbox.logs],
      ['update', 'summaries'],
      ['validate', 'cache'],
    ]) {
      const { stderr } = spawnSync('sh', ['-c', script, process.execPath, BINARY, ...line], {
        env: sandbox.env,
        encoding: 'utf8',
      });
      expect(stderr).not.toContain('INTERNAL_ERROR');
      expect(stderr.match(/^error: |^\[NO_ADDRESS_SPACE\]/gm)).toHaveLength(2);
    }
  });

  it.runIf(process.getuid?.() === 0)('is told where it is a home', async () => {
    const { HOME: _, XDG_CONFIG_HOME: __, S3_LOG_EXTRACTION_CONFIG_DIR: ___, ...env } = sandbox.env;
    const { status, stderr } = spawnSync(process.execPath, [BINARY, 'status'], {
      env,
      uid: 54_321,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining('[NO_HOME]')]);
  });
});

it('a current folder that was removed is told of, before anything is done', async () => {
  const gone = join(sandbox.root, 'gone');
  mkdirSync(gone);
  const line = 'cd "$1" && rmdir "$1" && exec "$2" "$3" extract "$4" --cache "$5"';
  const args = [gone, process.execPath, BINARY, sandbox.logs, sandbox.cache];
  const { status, stderr } = spawnSync('/bin/sh', ['-c', line, 'sh', ...args], {
    env: sandbox.env,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining('[NO_CURRENT_FOLDER]')]);
  expect(existsSync(sandbox.cache)).toBe(false);
});

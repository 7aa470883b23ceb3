import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../cache/configuration.js';
import { readGivenFile } from '../../cache/given-file.js';
import { readQuotas } from '../../src/database/quotas.js';
import { readMapping } from '../../src/datasets/read-mapping.js';
import { DIST, Sandbox } from '../support/cli.js';
import { scratchDirectory } from '../support/scratch.js';

function pipe(name = 'pipe', folder = scratchDirectory()): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/** With a cache in dandi mode, without records. */
async function dandiSandbox(): Promise<Sandbox> {
  const sandbox = new Sandbox();
  sandbox.env.S3_LOG_EXTRACTION_PASSWORD = 'five random words are good';
  sandbox.write('a.log', '');
  const { status } = await sandbox.run(['extract', sandbox.logs, '--mode', 'dandi']);
  expect(status).toBe(0);
  return sandbox;
}

describe.skipIf(process.platform === 'win32')(
  'a pipe that nobody writes to is not waited for',
  () => {
    it('as a mapping', async () => {
      await expect(readMapping(pipe())).rejects.toMatchObject({ code: 'MAPPING_UNUSABLE' });
    });

    it('as a mapping, in the built program', async () => {
      const sandbox = await dandiSandbox();
      const running = sandbox.start([
        'update',
        'summaries',
        '--mode',
        'dandi',
        '--mapping',
        pipe(),
      ]);
      const ended = await running.ended;
      expect(ended.status).toBe(1);
      expect(ended.stderr).toContain('MAPPING_UNUSABLE');
    }, 30_000);

    it('as quotas, as a configuration, as any file of the user', () => {
      expect(() => readQuotas(pipe())).toThrow('it is not a regular file');
      const folder = scratchDirectory();
      pipe('config.json', folder);
      expect(() => readConfiguration({ S3_LOG_EXTRACTION_CONFIG_DIR: folder })).toThrow(
        'it is not a regular file',
      );
      expect(() => readGivenFile('/dev/zero', 10)).toThrow('it is not a regular file');
      expect(() => readGivenFile(process.execPath, 10)).toThrow('it has more than 10 bytes');
    });
  },
);

describe.skipIf(process.platform === 'win32')('a mapping from a pipe', () => {
  it('is read as long as somebody writes', async () => {
    const path = pipe();
    const both = openSync(path, 'r+');
    const id = '00000000-0000-4000-8000-000000000000';
    writeFileSync(both, JSON.stringify({ [id]: { '000003': 'a.nwb' } }));
    const links = readMapping(path);
    setTimeout(() => closeSync(both), 100);
    expect([...(await links).keys()]).toHaveLength(1);
  });

  it('is left when a stop is asked for', async () => {
    const path = pipe();
    const both = openSync(path, 'r+');
    const controller = new AbortController();
    const links = readMapping(path, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(links).rejects.toMatchObject({ message: expect.stringContaining('stopped') });
    closeSync(both);
  });
});

describe('a server of a mapping that says nothing', () => {
  it('is left at the first signal', async () => {
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = createServer(() => asked());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sandbox = await dandiSandbox();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m.json`;
    const running = sandbox.start(['update', 'summaries', '--mode', 'dandi', '--mapping', url]);
    await isAsked;
    const signalled = Date.now();
    running.child.kill('SIGINT');
    const ended = await running.ended;
    server.closeAllConnections();
    server.close();
    expect(Date.now() - signalled).toBeLessThan(10_000);
    expect(ended.status).not.toBe(0);
    expect(ended.stderr).not.toContain('INTERNAL_ERROR');
  }, 30_000);
});

describe('a secret on stdin', () => {
  it.each([
    [150_000, 'INVALID_SKIP_EXPRESSION'],
    [2_000_000, 'SECRET_TOO_LONG'],
  ])('of %i characters is taken whole or not at all', (length, expected) => {
    const sandbox = new Sandbox();
    // Read to its end the short one is no expression; cut off it would be.
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(DIST, 'bin/s3logextraction.js'), 'config', 'skip-ips', 'set'],
      {
        input: `${'a'.repeat(length)}(\n`,
        env: { ...sandbox.env, S3_LOG_EXTRACTION_PASSWORD: 'five random words are good' },
        encoding: 'utf8',
      },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain(expected);
  });
});

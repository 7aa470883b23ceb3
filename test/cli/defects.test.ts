import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openCacheForWriting } from '../../cache/open-cache.js';
import { DIST, type Ended, Sandbox } from '../support/cli.js';
import { logText } from '../support/truth.js';

/** What must never be told: an address, a key, and what looks like a place in a program. */
const SECRET = 'canary 198.51.100.7 ds1/secret\\n    at canary (file:///dist/canary.js:1:1)';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = new Sandbox();
  (await openCacheForWriting(sandbox.cache, { command: 'test', env: sandbox.env })).close();
  sandbox.write('a.log', logText([{ key: 'ds1/x', time: 1, client: 1 }]));
});

/** Run with a function of `node:fs` that does something else when it gets a path that ends so, in the main thread or the others. */
function runBroken(
  args: readonly string[],
  fs: { name: string; path: string; does: string; inMain?: boolean },
  env = {},
) {
  const preload = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    import { isMainThread } from 'node:worker_threads';
    const original = fs.${fs.name};
    if (isMainThread === ${fs.inMain ?? true}) fs.${fs.name} = (...args) => {
      if (String(args[0]).endsWith('${fs.path}')) { ${fs.does} }
      return original(...args);
    };
    syncBuiltinESMExports();`;
  const url = `data:text/javascript,${encodeURIComponent(preload)}`;
  return sandbox.run(args, { env: { NODE_OPTIONS: `--import=${url}`, ...env } });
}

function expectWords(
  { status, stderr, stdout }: Ended,
  kind: string,
  code = 'INTERNAL_ERROR',
): void {
  expect(status).toBe(1);
  expect(stderr).toContain(`(${kind}).\n`);
  expect(stderr).toContain(`\n[${code}]\n`);
  expect(stderr).toContain('Nothing committed is lost');
  expect(stderr).toMatch(/^error: [^\n]+\n[^\n]+\n\[[A-Z_]+\]\n$/);
  expect(stdout + stderr).not.toMatch(/canary|198\.51|secret/);
}

const commits = { name: 'readdirSync', path: 'commits' };

describe('what nobody foresaw', () => {
  it('ends in words, a code and the documented status, without what was being worked on', async () => {
    const does = `throw new TypeError('${SECRET}')`;
    const ended = await runBroken(['status', '--json'], { ...commits, does });
    expectWords(ended, 'TypeError');
    expect(ended.stderr).toContain('Please report it');
    expect(ended.json.error).toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  it('tells places of the program, and nothing else, when it is asked to', async () => {
    const does = `throw new TypeError('${SECRET}')`;
    const env = { S3_LOG_EXTRACTION_TRACE: '1' };
    const { status, stderr } = await runBroken(['status'], { ...commits, does }, env);
    expect(status).toBe(1);
    const places = stderr.split('\n').filter((line) => line.startsWith('  at '));
    expect(places.length).toBeGreaterThan(2);
    for (const place of places) {
      expect(place).toMatch(/^ {2}at (?:[\w$.<>#]+ )?(?:node:|dist\/)[\w/.-]+:\d+:\d+$/);
    }
    expect(stderr).not.toMatch(/canary|198\.51|secret/);
    expect(stderr).not.toContain(DIST);
  });

  it('ends so too when nobody waits for it: in a timer, or as a promise rejected with a text', async () => {
    const thrown = await runBroken(['status', '--quiet'], {
      ...commits,
      does: `process.nextTick(() => { throw new RangeError('${SECRET}') });`,
    });
    expectWords(thrown, 'RangeError');
    const rejected = await runBroken(['status', '--quiet'], {
      ...commits,
      does: `void Promise.reject('${SECRET}');`,
    });
    expectWords(rejected, 'ERR_UNHANDLED_REJECTION');
  });

  it('ends so in a thread', async () => {
    const file = { name: 'openSync', path: 'a.log', inMain: false };
    const thrown = await runBroken(['extract', 'logs'], {
      ...file,
      does: `throw new TypeError('${SECRET}')`,
    });
    expectWords(thrown, 'TypeError');
    const alone = await runBroken(['extract', 'logs'], {
      ...file,
      does: `process.nextTick(() => { throw new TypeError('${SECRET}') });`,
    });
    expectWords(alone, 'TypeError', 'WORKER_DIED');
    expect((await sandbox.done('extract', 'logs')).lines.kept).toBe(1);
  });

  it('is told in words also when the disk that takes the output is full', () => {
    const program = join(DIST, 'bin', 's3logextraction.js');
    const ended = spawnSync(
      '/bin/sh',
      ['-c', `"$0" "$1" status --json > /dev/full`, process.execPath, program],
      {
        env: sandbox.env,
        encoding: 'utf8',
      },
    );
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(
      /^error: Could not write a file: ENOSPC\.\n.*\n\[FILE_ACCESS_FAILED\]\n$/,
    );
  });
});

describe('the program', () => {
  it('gives other programs neither variables nor secrets', () => {
    const root = new URL('../../', import.meta.url).pathname;
    const found = execFileSync(
      'grep',
      [
        '-rnE',
        'spawn(Sync)?\\(|exec(File)?(Sync)?\\(|fork\\(',
        'bin',
        'cache',
        'src',
        'validation',
        '--include=*.ts',
      ],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    const calls = found.split('\n').filter((line) => /(?:spawn|execFile|fork)/.test(line));
    // `sync -f`, of which the environment is the PATH; what shows a report, which gets what a desktop needs.
    expect(calls).toHaveLength(2);
    expect(calls.filter((call) => call.includes('env: { PATH: process.env.PATH }'))).toHaveLength(
      1,
    );
    expect(calls.filter((call) => call.includes('env: environmentOf('))).toHaveLength(1);
  });
});

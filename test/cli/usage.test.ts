import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readStamps, readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf } from '../support/truth.js';

const LINES = Array.from({ length: 60 }, (_, i) => ({
  key: `ds${1 + (i % 3)}/file-${i % 7}`,
  time: 1_700_000_000 + i,
  client: 1 + i,
  bytes: BigInt(i),
}));

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  for (let i = 0; i < 3; i++) sandbox.write(`log-${i}`, logText(LINES.slice(20 * i, 20 * i + 20)));
});

const MISTAKES: readonly (readonly [args: string[], help: string])[] = [
  [[], 'Say what to do'],
  [['extrct', 'logs'], 'Did you mean extract'],
  [['extract', 'logs', '--wokers=2'], 'wokers'],
  [['extract', 'logs', 'more'], 'more'],
  [['extract', 'logs', '--workers=0'], '--workers'],
  [['extract', 'logs', '--workers=many'], '--workers'],
  [['extract', 'logs', '--limit=-1'], '--limit'],
  [['extract', 'logs', '--limit=1.5'], '--limit'],
  [['extract', 'logs', '--limit'], 'limit'],
  [['extract', 'logs', '--mode=other'], 'mode'],
  [['extract'], 'No folder of logs was given'],
  [['update', 'everything'], 'everything'],
  [['update', 'ip'], 'indexes'],
  [['update', '--from', 'logs', '--threshold=some'], 'threshold'],
  [['update', '--from', 'logs', '--modulus=0'], 'modulus'],
  [['update', 'summaries', '--mode=month'], 'mode'],
  [['config'], 'cache, source, skip-ips or key'],
  [['validate'], 'need at least 1'],
  [['validate', 'cache', 'logs'], 'not a folder of logs'],
  [['validate', 'rhymes', 'logs'], 'lines'],
  [['validate', 'lines'], 'No folder of logs was given'],
  [['validate', 'lines', 'logs', '--max-findings=-1'], '--max-findings'],
  [['reset'], 'extraction'],
  [['reset', 'extraction'], '--yes'],
];

const untouched = ['home', 'logs', 'tmp'];

describe('a command line that is wrong', () => {
  it('ends with 2 and helps, and nothing is done', async () => {
    const left = [...MISTAKES];
    const work = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const [args, help] = next;
        const { status, json, stderr } = await sandbox.run(['--json', ...args]);
        expect([args, status]).toEqual([args, 2]);
        expect(stderr).toContain(help);
        expect(stderr).toContain(`\n[${json.error.code}]\n`);
        expect(stderr).not.toMatch(/\n {4}at /);
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(readdirSync(sandbox.root).sort()).toEqual(untouched);
  });

  it('--help and --version end with 0 and are no mistake', async () => {
    for (const args of [['--help'], ['extract', '--help'], ['update', 'summaries', '-h']]) {
      const { status, stdout, stderr } = await sandbox.run(args);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('s3logextraction');
    }
    expect((await sandbox.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(readdirSync(sandbox.root).sort()).toEqual(untouched);
  });

  it('commands that need a cache say that there is none', async () => {
    for (const args of [
      ['status'],
      ['update'],
      ['config', 'cache', 'show'],
      ['update', 'totals'],
    ]) {
      const { status, json } = await sandbox.run([...args, '--json']);
      expect([status, json.error.code]).toEqual([1, 'NO_CACHE']);
    }
    expect(readdirSync(sandbox.root).sort()).toEqual(untouched);
  });
});

describe('extract', () => {
  it('--dry-run tells what would be read, and makes and changes nothing', async () => {
    const plan = await sandbox.done('extract', 'logs', '--dry-run');
    expect(plan).toMatchObject({ dryRun: true, files: { found: 3, known: 0, new: 3, failed: 0 } });
    expect(readdirSync(sandbox.root).sort()).toEqual(untouched);
    await sandbox.done('extract', 'logs', '--limit=1');
    const before = readStamps(sandbox.root);
    const next = await sandbox.done('extract', 'logs', '--dry-run', '--limit=1');
    expect(next.files).toEqual({ found: 3, known: 1, new: 1, failed: 0 });
    expect(readStamps(sandbox.root)).toEqual(before);
  });

  it('--limit extracts so many new files a run, until all are known', async () => {
    for (const expected of [2, 1, 0]) {
      const { files } = await sandbox.done('extract', 'logs', '--limit=2');
      expect(files.extracted).toBe(expected);
    }
    expect((await sandbox.done('extract', 'logs', '--limit=0')).files.extracted).toBe(0);
    expect((await sandbox.done('status')).files).toBe(3);
  });

  it('--limit counts copies, too', async () => {
    for (const name of [
      '2024-03-01-00-00-00-ABCDEF0123456789',
      '2024-03-01-00-00-01-ABCDEF0123456789',
    ]) {
      for (const folder of ['a', 'b', 'c'])
        sandbox.write(`copies/${folder}/${name}`, logText(LINES));
    }
    for (const expected of [1, 1, 0]) {
      const { files } = await sandbox.done('extract', 'logs/copies', '--limit=1');
      expect(files.extracted).toBe(expected);
    }
  });

  it('--quiet says nothing on stderr, and --json nothing but one line on stdout', async () => {
    const quiet = await sandbox.run(['extract', 'logs', '--quiet']);
    expect(quiet.stderr).toBe('');
    expect(quiet.stdout).toContain('60 kept');
    expect((await sandbox.run(['update', '--json'])).stdout).toMatch(/^\{[^\n]*\}\n$/);
  });

  it('goes on to its end when nobody reads what it prints', async () => {
    const program = sandbox.start(['update', '--from', 'logs']);
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    expect((await program.ended).status).toBe(0);
    const expected = expectedTree(recordsOf(LINES));
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
    expect((await sandbox.done('status')).running).toBeNull();
  });
});

describe('config', () => {
  it('remembers cache and source, and options and the environment come first', async () => {
    const env = { S3_LOG_EXTRACTION_CACHE: '' };
    const get = async (...args: string[]) =>
      (await sandbox.run(['config', 'cache', 'get', '--json', ...args], { env })).json.cache;
    expect(await get()).toBe(join(sandbox.home, 'xdg-cache', 's3logextraction'));
    const set = await sandbox.run(['config', 'cache', 'set', 'mine', '--json'], { env });
    expect([set.status, set.json]).toEqual([0, { cache: join(sandbox.root, 'mine') }]);
    expect(await get()).toBe(join(sandbox.root, 'mine'));
    expect(await get('--cache', 'other')).toBe(join(sandbox.root, 'other'));
    expect(await sandbox.done('config', 'cache', 'get')).toEqual({ cache: sandbox.cache });

    expect(await sandbox.done('config', 'source', 'get')).toEqual({ source: null });
    await sandbox.done('config', 'source', 'set', 'logs');
    expect(await sandbox.done('config', 'source', 'get')).toEqual({ source: sandbox.logs });
    expect((await sandbox.done('extract')).files.extracted).toBe(3);
    expect((await sandbox.done('update')).extraction.files.known).toBe(3);
    const show = await sandbox.done('config', 'cache', 'show');
    expect(show).toMatchObject({ cache: sandbox.cache, keySource: 'keyfile', files: 3 });
  });

  it('that is damaged is named, and nothing else is done', async () => {
    await sandbox.done('config', 'source', 'set', 'logs');
    const file = join(sandbox.config, 'config.json');
    writeFileSync(file, '{');
    const { status, json } = await sandbox.run(['extract', '--json']);
    expect([status, json.error.code]).toEqual([1, 'CONFIGURATION_DAMAGED']);
    expect(json.error.message).toContain(file);
  });
});

describe('reset extraction', () => {
  it('asks first, and without a terminal changes nothing', async () => {
    await sandbox.done('update', '--from', 'logs');
    const before = readStamps(sandbox.root);
    const { status, json } = await sandbox.run(['reset', 'extraction', '--json']);
    expect([status, json.error.code]).toEqual([2, 'CONFIRMATION_NEEDED']);
    expect(readStamps(sandbox.root)).toEqual(before);
  });

  it('--yes forgets what was extracted, and the logs are new again', async () => {
    await sandbox.done('update', '--from', 'logs');
    const expected = readTree(join(sandbox.cache, 'summaries'));
    expect(await sandbox.done('reset', 'extraction', '--yes')).toEqual({ reset: true, commits: 1 });
    expect(readdirSync(join(sandbox.cache, 'segments'))).toEqual([]);
    expect((await sandbox.done('status')).files).toBe(0);
    const again = await sandbox.done('update', '--from', 'logs');
    expect(again.extraction.files.extracted).toBe(3);
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
  });
});

describe('update', () => {
  it('writes nothing again that would not change', async () => {
    await sandbox.done('update', '--from', 'logs');
    const summaries = join(sandbox.cache, 'summaries');
    const before = readStamps(summaries);
    const indexes = readTree(join(sandbox.cache, 'ips'));
    for (const args of [
      ['update', '--from', 'logs'],
      ['update', 'summaries'],
      ['update', 'summaries', '--mode=archive'],
      ['update', 'totals'],
      ['update', 'totals', '--mode=archive'],
      ['update', 'ip', 'indexes'],
    ]) {
      await sandbox.done(...args);
    }
    expect(readStamps(summaries)).toEqual(before);
    expect(readTree(join(sandbox.cache, 'ips'))).toEqual(indexes);
  });

  it('brings back what was changed or removed by hand', async () => {
    await sandbox.done('update', '--from', 'logs');
    const summaries = join(sandbox.cache, 'summaries');
    const expected = readTree(summaries);
    rmSync(join(summaries, 'ds1'), { recursive: true });
    writeFileSync(join(summaries, 'ds2', 'by_day.tsv'), 'changed');
    await sandbox.done('update');
    expect(readTree(summaries)).toEqual(expected);
    await sandbox.done('update', 'summaries', '--threshold=0', '--modulus=1');
    expect(readTree(summaries)).not.toEqual(expected);
    await sandbox.done('update');
    expect(readTree(summaries)).toEqual(expected);
  });
});

describe('the older spellings', () => {
  it('work as the second executable', async () => {
    const older = {
      executable: 's3_log_extraction',
      env: { S3_LOG_EXTRACTION_CACHE: '' },
    } as const;
    const set = await sandbox.run(['set_cache', 'old'], older);
    expect(set.status).toBe(0);
    expect((await sandbox.run(['extract_logs', 'logs'], older)).status).toBe(0);
    expect((await sandbox.run(['index_ips'], older)).status).toBe(0);
    expect((await sandbox.run(['update', 'summaries'], older)).status).toBe(0);
    expect(readTree(join(sandbox.root, 'old', 'summaries')).get('ds1/requester_count.tsv')).toBe(
      '<50',
    );
    expect((await sandbox.run(['extract_lgs', 'logs'], older)).status).toBe(2);
  });

  it('the program runs through a link, as npm installs it', async () => {
    const program = process.env.S3LOG_DIST ?? join(import.meta.dirname, '../../dist');
    const link = join(sandbox.root, 's3logextraction');
    symlinkSync(join(program, 'bin', 's3logextraction.js'), link);
    expect(readFileSync(link, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const child = spawn(process.execPath, [link, '--version'], { env: sandbox.env });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  });
});

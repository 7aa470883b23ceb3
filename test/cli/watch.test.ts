import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { readTree } from '../support/published-tree.js';
import { randomLines } from '../support/random-lines.js';
import { SpoolSandbox } from '../support/spool.js';
import { accountOf, logText } from '../support/truth.js';

const ONE = randomLines(40, 1);
const TWO = randomLines(30, 2);
const THREE = randomLines(20, 3);
const UNIQUE = '2026-11-01-10-00-00-0123456789ABCDEF';
/** Begins as a line of a log does, and is none that counts. */
const HOSTILE = `${logText([ONE[0]]).split(' ').slice(0, 4).join(' ')} nonsense\n`;

let sandbox: SpoolSandbox;
beforeEach(() => {
  sandbox = new SpoolSandbox();
});

describe('a round', () => {
  it('archives logs, sets what is none aside with a reason, removes empty files and leaves the unfinished', async () => {
    sandbox.put('one.log', logText(ONE));
    sandbox.put(`2026/11/${UNIQUE}.gz`, gzipSync(logText(TWO)));
    sandbox.put('empty', '');
    sandbox.put('notes.txt', 'Dear reader, the secret is 198.51.100.7.\n');
    sandbox.put('cut.gz', gzipSync(logText(THREE)).subarray(0, 60));
    sandbox.put('sub/hostile.log', HOSTILE);
    for (const name of [
      '.one.log.Xy12zA',
      'two.partial',
      `${UNIQUE}.6eF5b5da`,
      '.git/annex/tmp/x',
    ]) {
      sandbox.put(name, logText(ONE));
    }
    const { status, report, stderr } = await sandbox.once();
    expect(status).toBe(3);
    expect(report).toMatchObject({
      extracted: 3,
      archived: 3,
      failed: { NOT_A_LOG: 1, UNREADABLE: 1 },
      left: 0,
      scan: { emptied: 1, leftAlone: 2, waiting: 0 },
    });
    expect(sandbox.files()).toEqual(
      [
        '.git/annex/tmp/x',
        '.one.log.Xy12zA',
        `${UNIQUE}.6eF5b5da`,
        `archive/2026/11/${UNIQUE}.gz`,
        'archive/one.log',
        'archive/sub/hostile.log',
        'failed/cut.gz',
        'failed/cut.gz.reason.json',
        'failed/notes.txt',
        'failed/notes.txt.reason.json',
        'two.partial',
      ].sort(),
    );
    expect(sandbox.reason('notes.txt')).toEqual({
      version: 1,
      file: 'notes.txt',
      code: 'NOT_A_LOG',
      reason: 'none of its lines is one of an access log (invalid_time)',
      sizeBytes: 41,
      failedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(sandbox.reason('cut.gz')).toMatchObject({
      code: 'UNREADABLE',
      reason: expect.stringContaining('gzip'),
    });
    expect(stderr).not.toContain('198.51');
    const { lines, files } = await sandbox.done('status');
    const { total, kept, rejected } = accountOf([...ONE, ...TWO]);
    expect([files, lines.total, lines.kept, lines.rejected]).toEqual([
      3,
      total + 1,
      kept,
      rejected + 1,
    ]);
    const modes = ['archive', 'failed', '.s3logextraction'].map((name) =>
      execFileSync('stat', ['-c', '%a', join(sandbox.spool, name)])
        .toString()
        .trim(),
    );
    expect(modes).toEqual(['700', '700', '700']);
  });

  it('takes a file when it has not changed for the settle time, whatever modification time it has', async () => {
    const path = sandbox.put('one.log', logText(ONE));
    utimesSync(path, 1_600_000_000, 1_600_000_000);
    const { status, stdout } = await sandbox.run(['watch', 'spool', '--once', '--settle', '60']);
    expect([status, stdout, sandbox.files()]).toEqual([0, '', ['one.log']]);
    expect((await sandbox.once()).report.extracted).toBe(1);
    // Nothing is made again, and nothing is to do.
    expect(await sandbox.once()).toMatchObject({ status: 0, report: undefined });
  });

  it('moves what is committed already: a watcher was killed in between', async () => {
    sandbox.put('a/one.log', logText(ONE));
    await sandbox.once();
    renameSync(join(sandbox.spool, 'archive/a/one.log'), join(sandbox.spool, 'a/one.log'));
    // The place it had reserved.
    writeFileSync(join(sandbox.spool, 'archive/a/one.log'), '');
    const { report, status } = await sandbox.once();
    expect(report).toMatchObject({ extracted: 0, archived: 1, failed: {}, left: 0 });
    expect(status).toBe(0);
    expect(sandbox.files()).toEqual(['archive/a/one.log']);
    expect(readFileSync(join(sandbox.spool, 'archive/a/one.log'), 'utf8')).toBe(logText(ONE));
    expect((await sandbox.done('status')).files).toBe(1);
  });

  it('keeps other content of a known name apart, overwrites nothing, and drops only what is there byte by byte', async () => {
    sandbox.put('one.log', logText(ONE));
    sandbox.put('bad', 'x\n');
    await sandbox.once();
    sandbox.put('one.log', logText(TWO));
    expect((await sandbox.once()).report.failed).toEqual({ NAME_TAKEN: 1 });
    sandbox.put('one.log', logText(THREE));
    sandbox.put('bad', 'y\n');
    expect((await sandbox.once()).report.failed).toEqual({ NAME_TAKEN: 1, NOT_A_LOG: 1 });
    const kept = [
      'archive/one.log',
      'failed/again-1/bad',
      'failed/again-1/bad.reason.json',
      'failed/again-1/one.log',
      'failed/again-1/one.log.reason.json',
      'failed/bad',
      'failed/bad.reason.json',
      'failed/one.log',
      'failed/one.log.reason.json',
    ];
    expect(sandbox.files()).toEqual(kept);
    sandbox.put('one.log', logText(ONE));
    sandbox.put('bad', 'x\n');
    const { report, stderr } = await sandbox.once();
    expect(report).toMatchObject({ extracted: 0, repeated: 2, failed: {} });
    expect(stderr).toContain('the very same file had been taken before');
    expect(sandbox.files()).toEqual(kept);
    const read = (path: string) => readFileSync(join(sandbox.spool, path), 'utf8');
    expect(read('archive/one.log')).toBe(logText(ONE));
    expect(read('failed/one.log')).toBe(logText(TWO));
    expect(read('failed/again-1/one.log')).toBe(logText(THREE));
    expect((await sandbox.done('status')).lines).toMatchObject(accountOf(ONE));
  });

  it('takes over the reason that a move which failed left behind, and no file of anybody else', async () => {
    sandbox.put('bad', 'x\n');
    await sandbox.once();
    renameSync(join(sandbox.spool, 'failed/bad'), join(sandbox.spool, 'bad'));
    sandbox.put('failed/other.reason.json', '{"version":1,"file":"mine"}');
    sandbox.put('other', 'y\n');
    expect((await sandbox.once()).report).toMatchObject({ failed: { NOT_A_LOG: 2 }, left: 0 });
    expect(sandbox.files()).toEqual([
      'failed/again-1/other',
      'failed/again-1/other.reason.json',
      'failed/bad',
      'failed/bad.reason.json',
      'failed/other.reason.json',
    ]);
  });

  it('knows a log of S3 in any folder, and refuses another content of it', async () => {
    sandbox.put(`a/${UNIQUE}`, logText(ONE));
    await sandbox.once();
    sandbox.put(`b/${UNIQUE}`, logText(ONE));
    sandbox.put(`c/${UNIQUE}`, logText(TWO));
    const { report } = await sandbox.once();
    expect(report).toMatchObject({ extracted: 0, archived: 1, failed: { CHANGED: 1 } });
    expect(sandbox.files()).toEqual([
      `archive/a/${UNIQUE}`,
      `archive/b/${UNIQUE}`,
      `failed/c/${UNIQUE}`,
      `failed/c/${UNIQUE}.reason.json`,
    ]);
    expect(sandbox.reason(`c/${UNIQUE}`).code).toBe('CHANGED');
  });

  it('takes odd names: long ones, line ends, bytes that are no text, a folder where a file was', async () => {
    const long = 'x'.repeat(250);
    const odd = Buffer.concat([
      Buffer.from(`${sandbox.spool}/caf`),
      Buffer.from([0xe9]),
      Buffer.from('\n'),
    ]);
    sandbox.put(long, 'garbage\n');
    writeFileSync(odd, 'garbage\n');
    sandbox.put('a', logText(ONE));
    expect((await sandbox.once()).report).toMatchObject({
      archived: 1,
      failed: { NOT_A_LOG: 2 },
      left: 0,
    });
    execFileSync('mkdir', [join(sandbox.spool, 'a')]);
    sandbox.put('a/b', logText(TWO));
    expect((await sandbox.once()).report).toMatchObject({ failed: { NAME_TAKEN: 1 }, left: 0 });
    expect(sandbox.files(join(sandbox.spool, 'failed')).length).toBe(6);
    expect(sandbox.files().filter((path) => !/^(?:archive|failed)\//.test(path))).toEqual([]);
  });

  it('follows links to files, which lead there from the archive, too; one that leads nowhere waits', async () => {
    mkdirSync(join(sandbox.spool, 'sub'));
    mkdirSync(join(sandbox.root, 'store'));
    writeFileSync(join(sandbox.root, 'store', 'one'), logText(ONE));
    symlinkSync('../../store/one', join(sandbox.spool, 'sub', 'one.log'));
    symlinkSync('../.git/annex/objects/two', join(sandbox.spool, 'sub', 'two.log'));
    expect((await sandbox.once()).report).toMatchObject({ extracted: 1, archived: 1, left: 0 });
    expect(readFileSync(join(sandbox.spool, 'archive/sub/one.log'), 'utf8')).toBe(logText(ONE));
    expect(sandbox.files()).toEqual(['archive/sub/one.log', 'sub/two.log']);
  });

  it('refuses folders of the spool that are links, a health file in it, and senseless times', async () => {
    mkdirSync(join(sandbox.root, 'elsewhere'));
    symlinkSync('../elsewhere', join(sandbox.spool, 'archive'));
    sandbox.put('one.log', logText(ONE));
    expect(await sandbox.once()).toMatchObject({
      status: 1,
      report: { error: { code: 'SPOOL_FOLDER' } },
    });
    expect(readdirSync(join(sandbox.root, 'elsewhere'))).toEqual([]);
    symlinkSync('spool', join(sandbox.root, 'link'));
    writeFileSync(join(sandbox.root, 'notes'), '{"version": 1}');
    for (const [option, code] of [
      [['--health', 'spool/health'], 'HEALTH_MISPLACED'],
      [['--health', 'link/health'], 'HEALTH_MISPLACED'],
      [['--health', 'cache/cache.json'], 'HEALTH_MISPLACED'],
      [['--health', 'notes'], 'HEALTH_FILE_TAKEN'],
      [['--health', 'elsewhere'], 'HEALTH_FILE_TAKEN'],
      [['--health', '/dev/null'], 'HEALTH_FILE_TAKEN'],
      [['--interval', '0'], 'INVALID_WATCH_TIME'],
      [['--settle', '-1'], 'INVALID_WATCH_TIME'],
    ] as const) {
      const { status, json } = await sandbox.run(['watch', 'spool', '--json', ...option]);
      expect([status, json.error.code]).toEqual([2, code]);
    }
    const missing = await sandbox.run(['watch', 'nowhere', '--json']);
    expect([missing.status, missing.json.error.code]).toEqual([1, 'SOURCE_UNREADABLE']);
  });

  it('moves nothing by a link that came in place of a folder meanwhile', async () => {
    sandbox.put('one.log', logText(ONE));
    mkdirSync(join(sandbox.root, 'elsewhere'));
    const { child, ended } = sandbox.watch();
    let stderr = '';
    const told = new Promise<void>((resolve) => {
      child.stderr?.on('data', (piece) => {
        stderr += String(piece);
        if (stderr.includes('[SPOOL_FOLDER]')) resolve();
      });
    });
    await sandbox.until('spool/archive/one.log');
    renameSync(join(sandbox.spool, 'archive'), join(sandbox.root, 'away'));
    symlinkSync('../elsewhere', join(sandbox.spool, 'archive'));
    sandbox.put('two.log', logText(ONE));
    await told;
    child.kill('SIGTERM');
    await ended;
    expect(readdirSync(join(sandbox.root, 'elsewhere'))).toEqual([]);
    expect(existsSync(join(sandbox.spool, 'two.log'))).toBe(true);
  });

  it('does not wait for a pipe that has the name of a reason', async () => {
    mkdirSync(join(sandbox.spool, 'failed'));
    execFileSync('mkfifo', [join(sandbox.spool, 'failed', 'bad.log.reason.json')]);
    sandbox.put('bad.log', 'nonsense\n');
    expect((await sandbox.once()).report).toMatchObject({ failed: { NOT_A_LOG: 1 } });
    expect(sandbox.files()).toContain('failed/again-1/bad.log');
  });

  it('is no other to the rest: "extract" refuses a spool and knows its archive, "repair" finds the logs there', async () => {
    sandbox.put('a/one.log', logText(ONE));
    sandbox.put('two.log', logText(TWO));
    await sandbox.once('--then', 'summaries');
    const published = readTree(join(sandbox.cache, 'summaries'));
    const refused = await sandbox.run(['extract', 'spool', '--json']);
    expect([refused.status, refused.json.error.code]).toEqual([1, 'SOURCE_IS_SPOOL']);
    const again = await sandbox.done('extract', 'spool/archive');
    expect(again.files).toEqual({ found: 2, known: 2, extracted: 0, failed: 0 });
    const segments = join(sandbox.cache, 'segments');
    const [records] = readdirSync(segments).filter((name) => name.endsWith('.records.parquet'));
    appendFileSync(join(segments, records), 'damage');
    await sandbox.done('repair');
    await sandbox.done('update', 'summaries');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(published);
    expect((await sandbox.done('status')).files).toBe(2);
  });
});

it.skipIf(process.getuid?.() !== 0)(
  'as another user: moves files of others, too, and sets aside what it may not read',
  async () => {
    const [mine, secret] = [
      sandbox.put('a/one.log', logText(ONE)),
      sandbox.put('two.log', logText(TWO)),
    ];
    chmodSync(mine, 0o644);
    chmodSync(secret, 0o600);
    const own = [sandbox.root, sandbox.home, sandbox.tmp, sandbox.spool, join(sandbox.spool, 'a')];
    for (const folder of own) chownSync(folder, 65_534, 65_534);
    const args = ['watch', 'spool', '--once', '--settle', '0', '--json'];
    const { status, json } = await sandbox.run(args, { uid: 65_534 });
    expect(status).toBe(3);
    expect(json).toMatchObject({
      extracted: 1,
      archived: 1,
      failed: { NO_PERMISSION: 1 },
      left: 0,
    });
    expect(sandbox.files()).toEqual([
      'archive/a/one.log',
      'failed/two.log',
      'failed/two.log.reason.json',
    ]);
    expect(sandbox.reason('two.log').code).toBe('NO_PERMISSION');
  },
);

function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it.skipIf(!mayMount())(
  'an archive on another file system gets durable copies, with their times',
  async () => {
    const path = sandbox.put('a/one.log', logText(ONE));
    utimesSync(path, 1_600_000_000.123, 1_600_000_000.123);
    const archive = join(sandbox.spool, 'archive');
    mkdirSync(archive);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', archive]);
    try {
      sandbox.put('large.log', logText(TWO).repeat(3000));
      const first = await sandbox.once();
      // No room for the second one: it is in the cache, stays, and is moved as soon as there is.
      expect(first.report).toMatchObject({ extracted: 2, archived: 1, left: 1 });
      expect(first.stderr).toContain('ENOSPC');
      expect(sandbox.files()).toEqual(['archive/a/one.log', 'large.log']);
      execFileSync('mount', ['-o', 'remount,size=64m', archive]);
      expect((await sandbox.once()).report).toMatchObject({ extracted: 0, archived: 1, left: 0 });
      expect(sandbox.files()).toEqual(['archive/a/one.log', 'archive/large.log']);
      // Killed between the copy and the removal of the first: it is in both.
      sandbox.put('a/one.log', logText(ONE));
      expect((await sandbox.once()).report).toMatchObject({ extracted: 0, repeated: 1 });
      const { files } = await sandbox.done('extract', 'spool/archive');
      expect(files).toEqual({ found: 2, known: 2, extracted: 0, failed: 0 });
    } finally {
      execFileSync('umount', ['-l', archive]);
    }
  },
);

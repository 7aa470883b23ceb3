import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ended, type Json, Sandbox } from '../support/cli.js';
import { hasRead } from '../support/process-reads.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logLine, logText, recordsOf } from '../support/truth.js';

await init();

const LINE = { key: 'ds1/x', time: 1_700_000_000, client: 1, bytes: 5n };
const TEXT = logText([LINE]);
const UNIQUE = '2024-03-01-00-00-00-ABCDEF0123456789';

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});

async function extract(...args: string[]): Promise<Ended> {
  return sandbox.run(['extract', ...(args.length > 0 ? args : ['logs']), '--json']);
}

/** Files as found, known, extracted and failed. */
function counts({ json }: { json: Json }): number[] {
  const { found, known, extracted, failed } = json.files;
  return [found, known, extracted, failed];
}

describe('files that are no usual logs', () => {
  it('an empty folder is done at once', async () => {
    const ended = await extract();
    expect(ended.status).toBe(0);
    expect(counts(ended)).toEqual([0, 0, 0, 0]);
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(new Map());
  });

  it('empty files count and hold no lines', async () => {
    sandbox.write('empty', '');
    sandbox.write('nothing.gz', gzipSync(''));
    sandbox.write('other.zst', compress(Buffer.alloc(0), 3));
    const ended = await extract();
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    expect(counts(ended)).toEqual([3, 0, 3, 0]);
    expect(ended.json.lines.total).toBe(0);
  });

  it('a binary file is told to be no log, and the others are read', async () => {
    sandbox.write('log', TEXT);
    sandbox.write('picture.png', randomBytes(300_000));
    sandbox.write('one-long-line', Buffer.alloc(5_000_000, 0x61));
    const ended = await extract();
    expect(ended.status).toBe(0);
    expect(ended.stderr).toMatch(
      /^warning: Not a log: every line of \S*picture\.png was rejected/m,
    );
    expect(ended.stderr).toMatch(
      /^warning: Not a log: every line of \S*one-long-line was rejected/m,
    );
    expect(counts(ended)).toEqual([3, 0, 3, 0]);
    const { total, kept, rejected, reasons } = ended.json.lines;
    expect([kept, rejected]).toEqual([1, total - 1]);
    expect(reasons.line_too_long).toBe(1);
    expect((await extract()).stderr).toBe('');
  });

  it('a file of line feeds has a line for each of them', async () => {
    sandbox.write('feeds', '\n'.repeat(1234));
    const { json, status } = await extract();
    expect(status).toBe(0);
    expect(json.lines).toMatchObject({
      total: 1234,
      kept: 0,
      skipped: 0,
      rejected: 1234,
      reasons: { truncated_before_bucket_owner: 1234 },
    });
  });

  it('a last line without a line feed counts', async () => {
    sandbox.write('log', TEXT + TEXT.trimEnd());
    expect((await extract()).json.lines.kept).toBe(2);
  });

  it('hidden files and named pipes are passed over; nothing hangs', async () => {
    sandbox.write('log', TEXT);
    sandbox.write('.hidden', TEXT);
    sandbox.write('.git/objects', TEXT);
    execFileSync('mkfifo', [join(sandbox.logs, 'pipe')]);
    const ended = await extract();
    expect(ended.status).toBe(0);
    expect(counts(ended)).toEqual([1, 0, 1, 0]);
    expect((await extract('logs/pipe')).status).toBe(3);
  });

  it('compressed data is told by its content, not by its name', async () => {
    sandbox.write('a.gz', TEXT);
    sandbox.write('b', gzipSync(TEXT));
    sandbox.write('c.log', compress(Buffer.from(TEXT), 3));
    sandbox.write('d.gz', Buffer.concat([gzipSync(TEXT), gzipSync(TEXT)]));
    const ended = await extract();
    expect([ended.status, ended.json.lines.kept]).toEqual([0, 5]);
  });

  it('names that are written as others are in the ledger are counted once each', async () => {
    for (const name of ['a\xff.log', 'a%FF.log', 'a%25FF.log']) {
      writeFileSync(Buffer.from(`${sandbox.logs}/${name}`, 'latin1'), TEXT);
    }
    const first = await extract();
    expect([first.status, first.json.lines.kept]).toEqual([0, 3]);
    expect(counts(first)).toEqual([3, 0, 3, 0]);
    expect(counts(await extract())).toEqual([3, 3, 0, 0]);
  });

  it('names in other encodings, with line feeds and with control characters are shown escaped', async () => {
    writeFileSync(Buffer.from(`${sandbox.logs}/\xff\xfe%41`, 'latin1'), 'no log\n');
    sandbox.write('a\nb\u001b[31m', 'no log\n');
    const ended = await extract();
    expect(ended.json.files.extracted).toBe(2);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(ended.stderr).not.toContain('\u001b');
    expect(counts(await extract())).toEqual([2, 2, 0, 0]);
  });
});

describe('files that cannot be read', () => {
  it('are named and counted, end with 3, and the next run reads them', async () => {
    sandbox.write('good', TEXT);
    const truncated = sandbox.write('truncated.gz', gzipSync(TEXT.repeat(99)).subarray(0, -9));
    const damaged = sandbox.write(
      'x.zst',
      compress(Buffer.from(TEXT.repeat(99)), 3).subarray(0, 50),
    );
    symlinkSync('nowhere', join(sandbox.logs, 'dangling'));
    const first = await extract();
    expect(first.status).toBe(3);
    expect(counts(first)).toEqual([4, 0, 1, 3]);
    for (const name of ['truncated.gz', 'x.zst', 'dangling']) {
      expect(first.stderr).toMatch(new RegExp(`^warning: Could not extract \\S*/${name}: `, 'm'));
    }
    expect(first.json.lines).toMatchObject({ total: 1, kept: 1 });
    writeFileSync(truncated, gzipSync(TEXT.repeat(99)));
    writeFileSync(damaged, compress(Buffer.from(TEXT.repeat(99)), 3));
    rmSync(join(sandbox.logs, 'dangling'));
    const second = await extract();
    expect(second.status).toBe(0);
    expect(counts(second)).toEqual([3, 1, 2, 0]);
    await sandbox.done('update');
    const expected = expectedTree(
      Array(199)
        .fill(recordsOf([LINE]))
        .flat(),
    );
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
  });

  it.skipIf(process.getuid?.() !== 0)('for want of permission are among them', async () => {
    chmodSync(sandbox.root, 0o777);
    chmodSync(join(sandbox.write('good', TEXT)), 0o644);
    chmodSync(sandbox.write('secret', TEXT), 0o600);
    mkdirSync(join(sandbox.logs, 'closed'), { mode: 0o700 });
    for (const folder of [sandbox.home, sandbox.tmp]) chownSync(folder, 65_534, 65_534);
    chmodSync(sandbox.logs, 0o755);
    const ended = await sandbox.run(['extract', 'logs', '--json'], { uid: 65_534 });
    expect(ended.stderr).toMatch(/secret: EACCES/);
    expect(ended.stderr).toMatch(/closed: EACCES/);
    expect(ended.status).toBe(3);
    expect(counts(ended).slice(2)[0]).toBe(1);
  });

  it('do not keep a whole copy of theirs from being read, whichever comes first', async () => {
    sandbox.write(`a/${UNIQUE}.gz`, gzipSync(TEXT.repeat(9)).subarray(0, -9));
    sandbox.write(`b/${UNIQUE}`, TEXT.repeat(9));
    sandbox.write(`c/${UNIQUE}`, TEXT.repeat(9));
    const ended = await extract();
    expect(counts(ended)).toEqual([3, 1, 1, 1]);
    expect(ended.json.lines.kept).toBe(9);
  });

  it('do not pass for a copy of theirs that has the same size and time', async () => {
    const whole = gzipSync(TEXT.repeat(9));
    const broken = Buffer.from(whole);
    broken.fill(0, 20, 40);
    for (const [folder, content] of [
      ['a', broken],
      ['b', whole],
    ] as const) {
      utimesSync(sandbox.write(`${folder}/${UNIQUE}.gz`, content), 1_700_000_000, 1_700_000_000);
    }
    const ended = await extract();
    expect(counts(ended)).toEqual([2, 0, 1, 1]);
    expect(ended.json.lines.kept).toBe(9);
  });
});

describe('files that change', () => {
  it('after extraction are reported, not read again, and end with 3', async () => {
    sandbox.write('log', TEXT);
    await sandbox.done('extract', 'logs');
    appendFileSync(join(sandbox.logs, 'log'), TEXT);
    for (let run = 0; run < 2; run++) {
      const ended = await extract();
      expect(ended.status).toBe(3);
      expect(counts(ended)).toEqual([1, 0, 0, 1]);
      expect(ended.stderr).toContain('it is not read again');
    }
    await sandbox.done('update');
    const expected = expectedTree(recordsOf([LINE]));
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
  });

  it('in their time only are known', async () => {
    const path = sandbox.write('log', TEXT);
    await sandbox.done('extract', 'logs');
    utimesSync(path, 1_600_000_000, 1_600_000_000);
    expect(counts(await extract())).toEqual([1, 1, 0, 0]);
  });

  it('of a name that differs in its suffix only are told from compressed copies', async () => {
    sandbox.write('access.log', TEXT);
    await extract();
    sandbox.write('access.log.gz', gzipSync(TEXT + TEXT));
    expect(counts(await extract())).toEqual([2, 1, 0, 1]);
    sandbox.write(
      'access.log.gz',
      Buffer.concat([gzipSync(TEXT.slice(0, 9)), gzipSync(TEXT.slice(9))]),
    );
    expect(counts(await extract())).toEqual([2, 2, 0, 0]);
    sandbox.write('access.log.gz', compress(Buffer.from(TEXT), 3));
    expect(counts(await extract())).toEqual([2, 2, 0, 0]);
    sandbox.write('access.log.gz', compress(Buffer.from(TEXT + TEXT), 3));
    expect(counts(await extract())).toEqual([2, 1, 0, 1]);
  });

  it('count once when a later run begins above or below the folder of the first', async () => {
    sandbox.write('a/x.log', TEXT);
    sandbox.write('a/b/y.log', TEXT + TEXT);
    await extract('logs/a');
    expect(counts(await extract('logs'))).toEqual([2, 2, 0, 0]);
    expect(counts(await extract('logs/a/b'))).toEqual([1, 1, 0, 0]);
    expect(counts(await extract('logs/a/b/y.log'))).toEqual([1, 1, 0, 0]);
    // Another folder with a file of the same path is another log.
    sandbox.write('c/x.log', TEXT);
    expect(counts(await extract('logs'))).toEqual([3, 2, 1, 0]);
  });

  it('while they are read are left for the next run', async () => {
    for (let i = 0; i < 150; i++)
      sandbox.write(`a${String(i).padStart(3, '0')}`, TEXT.repeat(4_000));
    const grows = sandbox.write('z-grows', TEXT);
    const vanishes = sandbox.write('z-vanishes', TEXT);
    const { child, ended } = sandbox.start(['extract', 'logs', '--json', '--workers=1']);
    // Planned in some milliseconds, read in the end.
    await hasRead(child.pid as number, 50_000_000);
    child.kill('SIGSTOP');
    appendFileSync(grows, TEXT);
    renameSync(vanishes, join(sandbox.root, 'elsewhere'));
    child.kill('SIGCONT');
    const first = await ended;
    expect(first.status).toBe(3);
    expect(counts(first)).toEqual([152, 0, 150, 2]);
    expect(first.stderr).toMatch(/z-grows: it changed while it was being read/);
    expect(first.stderr).toMatch(/z-vanishes: ENOENT/);
    const second = await extract();
    expect(counts(second)).toEqual([151, 150, 1, 0]);
    expect(second.json.lines.kept).toBe(2);
  });
});

describe('sources that are no usual folders', () => {
  it('one that does not exist is an error, and nothing is made for it', async () => {
    for (const command of [['extract'], ['update', '--from']]) {
      const { status, json, stderr } = await sandbox.run([...command, 'nowhere', '--json']);
      expect(status).toBe(1);
      expect(json.error.code).toBe('SOURCE_UNREADABLE');
      expect(stderr).toContain('nowhere: ENOENT');
    }
    expect(readdirSync(sandbox.root).sort()).toEqual(['home', 'logs', 'tmp']);
  });

  it('one that is an address of a server is refused as such, without its password', async () => {
    const address = 'sftp://name:secret@server/logs';
    for (const command of [['extract'], ['update', '--from'], ['validate', 'lines']]) {
      const { status, json, stderr } = await sandbox.run([...command, address, '--json']);
      expect([command, status, json.error.code]).toEqual([command, 2, 'SOURCE_NOT_A_FOLDER']);
      expect(stderr).toContain('"sftp://server/logs"');
      expect(stderr).not.toContain('secret');
    }
  });

  it('one that is a bucket with credentials is refused, without these', async () => {
    const { status, json, stderr } = await sandbox.run([
      'extract',
      's3://name:secret@bucket/logs',
      '--json',
    ]);
    expect([status, json.error.code]).toEqual([2, 'INVALID_BUCKET_URL']);
    expect(stderr).not.toContain('secret');
  });

  it('a single file is one log', async () => {
    const path = sandbox.write(UNIQUE, TEXT);
    expect(counts(await extract(path))).toEqual([1, 0, 1, 0]);
    expect(counts(await extract())).toEqual([1, 1, 0, 0]);
  });

  it('one that holds the cache does not read the cache', async () => {
    sandbox.write('log', TEXT);
    const cache = join(sandbox.logs, 'nested', 'cache');
    for (let run = 0; run < 2; run++) {
      const ended = await extract('logs', '--cache', cache);
      expect([ended.status, ended.stderr]).toEqual([0, '']);
      expect(ended.json.files.found).toBe(1);
    }
  });

  it('the cache itself is refused, and so is what is in it', async () => {
    sandbox.write('log', TEXT);
    await extract();
    for (const source of [sandbox.cache, join(sandbox.cache, 'segments')]) {
      const ended = await extract(source);
      expect(ended.status).toBe(1);
      expect(ended.stderr).toContain('[SOURCE_IN_CACHE]');
    }
    expect(counts(await extract())).toEqual([1, 1, 0, 0]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'a folder in it that cannot be read fails the run',
    async () => {
      sandbox.write('log', TEXT);
      sandbox.write('locked/log', TEXT);
      chmodSync(join(sandbox.logs, 'locked'), 0);
      for (const folder of [sandbox.root, sandbox.home, sandbox.tmp])
        chownSync(folder, 65534, 65534);
      chmodSync(sandbox.root, 0o755);
      const ended = await sandbox.run(['extract', 'logs', '--json'], { uid: 65534 });
      expect(ended.status).toBe(3);
      expect(ended.stderr).toMatch(/Could not extract \S*locked: EACCES/);
      expect(counts(ended)).toEqual([2, 0, 1, 1]);
    },
  );

  it('a folder of something else is not taken for a cache', async () => {
    sandbox.write('log', TEXT);
    const ended = await extract('logs', '--cache', sandbox.logs);
    expect([ended.status, ended.json.error.code]).toEqual([1, 'NOT_A_CACHE']);
    expect(readdirSync(sandbox.logs)).toEqual(['log']);
  });

  it('links to folders are told and not followed, links to files are', async () => {
    sandbox.write('log', TEXT);
    symlinkSync(sandbox.logs, join(sandbox.logs, 'circle'));
    writeFileSync(join(sandbox.root, 'far'), logLine({ ...LINE, client: 2 }));
    symlinkSync(join(sandbox.root, 'far'), join(sandbox.logs, 'link'));
    const ended = await extract();
    expect(ended.status).toBe(0);
    expect(ended.stderr).toContain('circle: links to folders are not followed');
    expect(counts(ended)).toEqual([2, 0, 2, 0]);
  });
});

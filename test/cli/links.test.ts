import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readCacheCopy } from '../../cache/cache-copy.js';
import { intactParquetFiles } from '../../cache/checked-parquet.js';
import { commitName, readCommit } from '../../cache/commit-record.js';
import { readCoordinateTable } from '../../cache/coordinate-table.js';
import { KnownLinks } from '../../cache/datasets/known-links.js';
import { readLock } from '../../cache/lock.js';
import {
  openCacheForReading,
  openCacheForWriting,
  type WritableCache,
} from '../../cache/open-cache.js';
import { cachePaths } from '../../cache/paths.js';
import { readPendingRepair } from '../../cache/pending-repair.js';
import {
  checksFile,
  type PublishedChecks,
  readPublishedChecks,
} from '../../cache/published-checks.js';
import { sealedJson } from '../../cache/sealed-json.js';
import { FIRST_COMPONENT, readSettings, updateSettings } from '../../cache/settings.js';
import { requestStop } from '../../cache/stop-request.js';
import { openValidationFolder } from '../../cache/validation/validation-folder.js';
import { VerdictStore } from '../../cache/validation/verdict-store.js';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
let outside: string;
const lines: TruthLine[] = [];
for (let n = 0; n < 90; n++) {
  const key = `ds${n % 3}/file${n % 7}`;
  lines.push({ key, time: 1_700_000_000 + n * 4000, client: n % 60, bytes: BigInt(n) });
}
const expected = expectedTree(recordsOf(lines));

beforeEach(() => {
  sandbox = new Sandbox();
  outside = join(sandbox.root, 'outside');
  mkdirSync(outside);
});

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Move a file out of the cache, and leave a link to it. @returns where the link is */
function link(path: string): string {
  const place = join(outside, relative(sandbox.cache, path));
  mkdirSync(dirname(place), { recursive: true });
  renameSync(path, place);
  symlinkSync(place, path);
  return path;
}

/** All that is outside: names, contents, modes, times, and where links lead. */
function snapshot(): unknown[] {
  return below(outside).map((path) => {
    const { mode, mtimeMs, size } = lstatSync(path);
    const content = lstatSync(path).isFile() ? readFileSync(path, 'latin1') : readlinkSync(path);
    return [path, mode, mtimeMs, size, content];
  });
}

const open = (): Promise<WritableCache> =>
  openCacheForWriting(sandbox.cache, { command: 'test', env: sandbox.env });

describe('a symbolic link in place of a folder of the cache', () => {
  it('is refused by all who open it, and nothing is written where it leads', async () => {
    (await open()).close();
    const kept = join(outside, 'kept');
    for (const folder of [
      ...['commits', 'segments', 'ledger', 'rollups', 'summaries', 'lock', 'stop', 'tmp'],
      ...['datasets', 'ips', 'ips/indexes', 'ips/regions', 'ips/changes', 'ips/ranges'],
      ...['validation', 'validation/lock'],
      ...['rotate', 'rotate/segments', 'rotate/commits', 'rotate/indexes', 'rotate/regions'],
    ]) {
      const path = join(sandbox.cache, folder);
      mkdirSync(path, { recursive: true });
      renameSync(path, kept);
      symlinkSync(kept, path);
      const before = snapshot();
      const refusal = { code: 'LINKED_FOLDER', message: expect.stringContaining(basename(path)) };
      expect(() => openCacheForReading(sandbox.cache)).toThrow(expect.objectContaining(refusal));
      await expect(open()).rejects.toMatchObject(refusal);
      expect(snapshot()).toEqual(before);
      rmSync(path);
      renameSync(kept, path);
    }
  });

  it('is named by commands that open nothing else, with what to do', async () => {
    (await open()).close();
    renameSync(join(sandbox.cache, 'lock'), join(outside, 'lock'));
    symlinkSync(join(outside, 'lock'), join(sandbox.cache, 'lock'));
    sandbox.write('a.log', logText(lines));
    const before = snapshot();
    for (const command of [['stop'], ['extract', 'logs', '--dry-run']]) {
      const ended = await sandbox.run(command);
      expect([ended.status, ended.stdout]).toEqual([1, '']);
      expect(ended.stderr).toContain(`The folder lock in ${sandbox.cache} is a symbolic link`);
      expect(ended.stderr).toContain('let the cache directory as a whole be the link');
    }
    expect(snapshot()).toEqual(before);
  });

  it('that holds datasets is nothing that repair removes files from, whatever their names', async () => {
    sandbox.write('a.log', logText(lines));
    await sandbox.done('extract', 'logs');
    await sandbox.done('update');
    const { summaries } = cachePaths(sandbox.cache);
    for (const name of ['by_day.tsv', 'by_region.tsv', 'letters']) {
      writeFileSync(join(outside, name), 'kept');
    }
    const checks = readPublishedChecks(cachePaths(sandbox.cache)) as PublishedChecks;
    // Whoever makes such links can write such names.
    const files = { ...Object.fromEntries(checks.files), 'archive/letters': ['0'.repeat(16)] };
    writeFileSync(
      checksFile(cachePaths(sandbox.cache)),
      sealedJson({ version: 1, complete: true, files }),
    );
    for (const folder of ['ds1', 'archive', 'other']) {
      rmSync(join(summaries, folder), { recursive: true, force: true });
      symlinkSync(outside, join(summaries, folder));
    }
    const before = snapshot();
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(6);
    await sandbox.run(['repair']);
    expect(snapshot()).toEqual(before);
    await sandbox.done('reset', 'extraction', '--yes');
    await sandbox.run(['update', 'summaries']);
    expect(snapshot()).toEqual(before);
    for (const folder of ['ds1', 'archive', 'other']) rmSync(join(summaries, folder));
    await sandbox.done('extract', 'logs');
    await sandbox.done('update');
    expect(readTree(summaries)).toEqual(expected);
  });

  it('that holds datasets is not written to either', async () => {
    const { paths, close } = await open();
    mkdirSync(join(paths.root, 'datasets'));
    const links = new KnownLinks(paths, 'https://api.example.org');
    links.write({
      dataset: '000001',
      version: 'draft',
      modified: '',
      fetchedAt: '',
      links: [],
      former: [],
    });
    const [folder] = readdirSync(join(paths.root, 'datasets'));
    link(join(paths.root, 'datasets', folder as string));
    expect(() => new KnownLinks(paths, 'https://api.example.org')).toThrow('is a symbolic link');
    close();
  });
});

describe('the cache directory itself', () => {
  it('holds no key file, also where links hide that', async () => {
    mkdirSync(join(sandbox.cache, 'inner'), { recursive: true });
    symlinkSync(join(sandbox.cache, 'inner'), join(sandbox.root, 'innocent'));
    const env = { ...sandbox.env, S3_LOG_EXTRACTION_CONFIG_DIR: join(sandbox.root, 'innocent') };
    await expect(
      openCacheForWriting(sandbox.cache, { command: 'test', env }),
    ).rejects.toMatchObject({
      code: 'KEY_FILE_IN_CACHE',
    });
    expect(below(sandbox.cache)).toEqual([]);
  });
});

describe('a symbolic link in place of a file of the cache', () => {
  it('that is derived is replaced; a cache directory that is one is followed', async () => {
    const elsewhere = join(sandbox.root, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, sandbox.cache);
    sandbox.write('a.log', logText(lines.slice(0, 50)));
    await sandbox.done('extract', 'logs');
    await sandbox.done('update');
    for (const folder of ['ledger', 'rollups', 'summaries']) {
      for (const path of below(join(sandbox.cache, folder))) link(path);
    }
    // What our temporary files are called, had somebody guessed a name.
    const guessed = join(sandbox.cache, 'summaries', 'ds0', 'by_day.tsv.0123456789ab.tmp');
    symlinkSync(join(outside, 'made'), guessed);
    const before = snapshot();
    sandbox.write('b.log', logText(lines.slice(50)));
    await sandbox.done('extract', 'logs');
    await sandbox.done('update');
    rmSync(guessed);
    for (const path of below(join(elsewhere, 'summaries')))
      expect(lstatSync(path).isFile()).toBe(true);
    expect(readTree(join(elsewhere, 'summaries'))).toEqual(expected);
    expect(snapshot()).toEqual(before);
  });

  it('that is state is damage: nothing is read from it, and repair mends it', async () => {
    sandbox.write('a.log', logText(lines));
    await sandbox.done('extract', 'logs');
    const segments = below(join(sandbox.cache, 'segments'));
    for (const path of segments) if (path.includes('.records.')) link(path);
    const before = snapshot();
    for (const [command, status] of [
      [['update'], 1],
      [['validate', 'cache', '--json'], 6],
    ] as const) {
      const ended = await sandbox.run(command);
      expect(ended.status).toBe(status);
      expect(ended.stdout + ended.stderr).toMatch(/it is (?:a symbolic link|not a regular file)/);
    }
    await sandbox.done('repair');
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expected);
    expect(snapshot()).toEqual(before);
  });

  it('is named, whichever of the others it is', async () => {
    const { paths, close } = await open();
    close();
    updateSettings(paths, { datasets: FIRST_COMPONENT });
    const commit = commitName(new Date(0), '01234567', 1);
    const files: readonly (readonly [string, () => unknown])[] = [
      [paths.cacheFile, () => openCacheForReading(paths.root)],
      [paths.cacheCopy, () => readCacheCopy(paths)],
      [join(paths.root, 'settings.json'), () => readSettings(paths)],
      [join(paths.root, 'repair.json'), () => readPendingRepair(paths)],
      [join(paths.root, 'ips', 'coordinates.json'), () => readCoordinateTable(paths)],
      [join(paths.commits, `${commit}.json`), () => readCommit(paths, commit)],
      [below(paths.lock)[0] as string, () => readLock(paths)],
      [join(paths.indexes, 'old.parquet'), () => intactParquetFiles(paths.indexes)],
    ];
    for (const [path, read] of files) {
      if (!existsSync(path)) writeFileSync(path, '{}');
      link(path);
      expect(read).toThrow(`${path} is damaged: it is a symbolic link`);
      rmSync(path);
      renameSync(join(outside, relative(sandbox.cache, path)), path);
    }
  });

  it('does not make anything where a request to stop would stand', async () => {
    const { paths, close } = await open();
    const token = '0'.repeat(32);
    symlinkSync(join(outside, 'made'), join(paths.stop, token));
    expect(() => requestStop(paths, token)).toThrow('is a symbolic link');
    close();
    expect(below(outside)).toEqual([]);
  });
});

describe('what validation remembers of log files', () => {
  it('is neither read nor written through links, and made anew in place of a pipe', async () => {
    const { paths, close } = await open();
    close();
    const folder = join(paths.root, 'validation');
    mkdirSync(folder);
    const victim = join(outside, 'thesis');
    writeFileSync(victim, 'years of work');
    for (const name of ['lines-v1.files', 'lines-v1.verdicts']) {
      rmSync(join(folder, name), { force: true });
      symlinkSync(victim, join(folder, name));
      expect(() => new VerdictStore(folder, 'lines', 1)).toThrow(
        `${name} is damaged: it is a symbolic link`,
      );
      rmSync(join(folder, name));
      execFileSync('mkfifo', [join(folder, name)]);
      new VerdictStore(folder, 'lines', 1).close();
      expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    }
    expect(readFileSync(victim, 'utf8')).toBe('years of work');
    const elsewhere = join(outside, 'scratch-0123456789ab');
    mkdirSync(elsewhere);
    rmSync(folder, { recursive: true });
    symlinkSync(outside, folder);
    expect(() => openValidationFolder(paths)).toThrow('The folder validation in');
    expect(existsSync(elsewhere)).toBe(true);
  });
});

describe('a named pipe in place of a file of the cache', () => {
  it('is damage; nobody waits for what comes out of it', async () => {
    const { paths, close } = await open();
    close();
    // Of an older version, without a check in its name.
    execFileSync('mkfifo', [join(paths.indexes, 'old.parquet')]);
    expect(() => intactParquetFiles(paths.indexes)).toThrow('it is not a regular file');
    rmSync(paths.cacheFile);
    execFileSync('mkfifo', [paths.cacheFile]);
    expect(() => openCacheForReading(paths.root)).toThrow(
      'it is not a regular file but a named pipe',
    );
  });
});

describe('a lock file that somebody else wrote', () => {
  it('moves no cursor of a terminal', async () => {
    const { paths, close } = await open();
    close();
    const path = below(paths.lock).at(-1) as string;
    const lock = JSON.parse(readFileSync(path, 'utf8'));
    const held = { ...lock, state: 'held', host: 'other', command: 'x\u001b[2J\u202ey' };
    writeFileSync(path, JSON.stringify(held));
    const { stdout, stderr } = await sandbox.run(['status']);
    expect(stdout).toContain('x\\u001b[2J\\u202ey');
    expect(stdout + stderr).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('a change of the key that is ready to be put in place', () => {
  it('removes no file by a name that leads out of its folder', async () => {
    (await open()).close();
    const victim = join(outside, 'victim');
    writeFileSync(victim, 'kept');
    mkdirSync(join(sandbox.cache, 'rotate'));
    for (const name of [relative(join(sandbox.cache, 'segments'), victim), '..', '.', '', 7]) {
      const ready = { version: 1, segments: [name], indexes: [], regions: [] };
      writeFileSync(join(sandbox.cache, 'rotate', 'ready.json'), JSON.stringify(ready));
      const refusal = { code: 'CACHE_DAMAGED', message: expect.stringContaining('ready.json') };
      await expect(open()).rejects.toMatchObject(refusal);
    }
    expect(readFileSync(victim, 'utf8')).toBe('kept');
  });
});

describe('the code of the cache', () => {
  it('opens files for reading in one place, which follows no links', () => {
    // The user's own files, and those of the system and of this program.
    const others = /^(?:own-file|key-file|configuration|process-identity|parquet\/encoder)\.ts$/;
    const folder = new URL('../../cache/', import.meta.url).pathname;
    const files = below(folder).filter((path) => path.endsWith('.ts'));
    const reading = /\breadFile(?:Sync)?\((?!fd\b)|\bopen(?:Sync)?\([^)]*, '(?:r\+?|a\+?)'/;
    const isOther = (line: string): boolean =>
      reading.test(line) || (line.includes('createReadStream(') && !line.includes('OWN_STREAM'));
    expect(
      ["openSync(path, 'r')", "readFileSync(path, 'utf8')", 'createReadStream(path)'].every(
        isOther,
      ),
    ).toBe(true);
    const found = files
      .filter((path) => !others.test(relative(folder, path)))
      .filter((path) => !path.endsWith('assembly/index.ts'))
      .flatMap((path) =>
        readFileSync(path, 'utf8')
          .split('\n')
          .filter(isOther)
          .map((line) => `${relative(folder, path)}: ${line.trim()}`),
      );
    // Folders, to make their names durable.
    expect(found.filter((line) => !/^(?:atomic-write|segment-writer)\.ts/.test(line))).toEqual([]);
  });
});

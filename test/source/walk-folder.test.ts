import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFolder } from '../../src/source/list-folder.js';
import { type LogPath, logPath } from '../../src/source/log-path.js';
import { type FileStats, NO_FILE, statFiles } from '../../src/source/stat-files.js';
import { StatThread } from '../../src/source/stat-thread.js';
import { type SourceFile, type SourceProblem, walkFolder } from '../../src/source/walk-folder.js';
import { scratchDirectory } from '../support/scratch.js';

type Entry = SourceFile | SourceProblem;

async function walk(root: string, excluded?: string): Promise<Entry[]> {
  const stop = excluded === undefined ? undefined : statSync(excluded);
  const entries: Entry[] = [];
  for await (const some of walkFolder(logPath(root), (stats) => stats.ino === stop?.ino)) {
    entries.push(...some);
  }
  return entries;
}

function filesOf(entries: Entry[]): string[] {
  return entries.flatMap((entry) => (entry.kind === 'file' ? [entry.relativePath] : []));
}

function problemsOf(entries: Entry[]): SourceProblem[] {
  return entries.filter((entry) => entry.kind === 'problem');
}

/** Files with these paths, each holding its own path. */
function tree(...paths: string[]): string {
  const root = scratchDirectory();
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  return root;
}

describe('the files below a folder', async () => {
  it('are all regular ones, in the order of their names, with size and time', async () => {
    const root = tree('b', 'a/z', 'a/b/c', 'a-b', 'c.gz', 'c', 'B', 'a.d');
    utimesSync(join(root, 'b'), 1_700_000_000.5, 1_700_000_000.5);
    const entries = await walk(root);
    expect(filesOf(entries)).toEqual(['B', 'a/b/c', 'a/z', 'a-b', 'a.d', 'b', 'c', 'c.gz']);
    expect(entries.find((entry) => entry.kind === 'file' && entry.relativePath === 'b')).toEqual({
      kind: 'file',
      path: join(root, 'b'),
      relativePath: 'b',
      sizeBytes: 1,
      modifiedMs: 1_700_000_000_500,
    });
  });

  it('are not the hidden ones, nor what is in hidden folders', async () => {
    expect(filesOf(await walk(tree('.hidden', '.git/config', 'a/.b', 'a/.c/d', 'kept')))).toEqual([
      'kept',
    ]);
  });

  it('are found the same when the folder ends in a slash, or is itself hidden', async () => {
    const root = tree('.logs/a', '.logs/b/c');
    for (const folder of ['.logs', '.logs/', '.logs//']) {
      expect(filesOf(await walk(join(root, '/') + folder))).toEqual(['a', 'b/c']);
    }
  });

  it('are that one file when the root is a file', async () => {
    const root = tree('a/log.gz');
    expect(await walk(join(root, 'a/log.gz'))).toMatchObject([
      { kind: 'file', path: join(root, 'a/log.gz'), relativePath: 'log.gz', sizeBytes: 8 },
    ]);
  });

  it('are not those of the excluded folder', async () => {
    const root = tree('cache/segments/x', 'log');
    expect(filesOf(await walk(root, join(root, 'cache')))).toEqual(['log']);
    symlinkSync(join(root, 'cache'), join(root, 'link'));
    expect(problemsOf(await walk(root, join(root, 'cache')))).toEqual([]);
  });
});

describe('the files of a large folder', () => {
  const answering = (path: LogPath): { stat: typeof stat; close(): void } => {
    const stat = async (paths: readonly LogPath[]): Promise<FileStats> => statFiles(path, paths);
    return { stat, close: () => {} };
  };

  async function largeTree(): Promise<{ root: string; names: string[] }> {
    const names = Array.from({ length: 2_500 }, (_, i) => `log-${10_000 + i}`);
    const root = tree(...names, 'log-10500d/b', 'log-10500d/a', 'log-12000.d/c');
    symlinkSync('nowhere', join(root, 'log-10999-dangling'));
    symlinkSync('log-12000.d', join(root, 'log-11000-up'));
    names.splice(names.indexOf('log-12000') + 1, 0, 'log-12000.d/c');
    names.splice(names.indexOf('log-10500') + 1, 0, 'log-10500d/a', 'log-10500d/b');
    return { root, names };
  }

  it('come in their order, with what is wrong in its place, also from a thread', async () => {
    const { root, names } = await largeTree();
    const entries: Entry[] = [];
    let closed = 0;
    const open = (path: LogPath): ReturnType<typeof answering> => ({
      ...answering(path),
      close: () => closed++,
    });
    const never = (): boolean => false;
    for await (const some of walkFolder(logPath(root), never, open)) entries.push(...some);
    expect(filesOf(entries)).toEqual(names);
    const at = (name: string): number => entries.findIndex(({ path }) => path === join(root, name));
    expect(at('log-10999-dangling')).toBe(at('log-10999') + 1);
    expect(problemsOf(entries)).toMatchObject([
      { path: join(root, 'log-10999-dangling'), isLoss: true, reason: 'ENOENT' },
      { path: join(root, 'log-11000-up'), isLoss: false },
    ]);
    expect(closed).toBe(1);
  });

  it('are all found when the thread ends', async () => {
    const { root, names } = await largeTree();
    let thread: StatThread | undefined;
    const open = (path: LogPath): StatThread => {
      thread = new StatThread(path);
      return thread;
    };
    const entries: Entry[] = [];
    const never = (): boolean => false;
    // In TypeScript as it stands here the thread cannot even start.
    for await (const some of walkFolder(logPath(root), never, open)) entries.push(...some);
    expect(filesOf(entries)).toEqual(names);
    expect(await thread?.stat([names[0], 'nothing'] as LogPath[])).toMatchObject({
      sizes: Float64Array.of(names[0].length, NO_FILE.unreadable),
      reasons: ['ENOENT'],
    });
  });

  it('close the folder and the thread when nobody wants more', async () => {
    const { root } = await largeTree();
    let closed = 0;
    const open = (path: LogPath): ReturnType<typeof answering> => ({
      ...answering(path),
      close: () => closed++,
    });
    const walking = walkFolder(logPath(root), () => false, open);
    expect((await walking.next()).done).toBe(false);
    await walking.return();
    expect(closed).toBe(1);
    expect((await walking.next()).done).toBe(true);
  });
});

describe('a link', async () => {
  it('to a file is followed', async () => {
    const root = tree('a/log');
    symlinkSync('a/log', join(root, 'link'));
    expect(await walk(root)).toMatchObject([
      { relativePath: 'a/log', sizeBytes: 5 },
      { relativePath: 'link', sizeBytes: 5 },
    ]);
  });

  it('to a folder is reported, also one that leads in a circle', async () => {
    const root = tree('a/log');
    symlinkSync('..', join(root, 'a', 'up'));
    symlinkSync('a', join(root, 'same'));
    const entries = await walk(root);
    expect(filesOf(entries)).toEqual(['a/log']);
    expect(problemsOf(entries)).toEqual([
      { kind: 'problem', path: join(root, 'a/up'), isLoss: false, reason: expect.any(String) },
      { kind: 'problem', path: join(root, 'same'), isLoss: false, reason: expect.any(String) },
    ]);
  });

  it('to nothing or to itself is reported and stops nothing', async () => {
    const root = tree('z');
    symlinkSync('nowhere', join(root, 'dangling'));
    symlinkSync('loop', join(root, 'loop'));
    const entries = await walk(root);
    expect(filesOf(entries)).toEqual(['z']);
    expect(problemsOf(entries).map((entry) => entry.reason)).toEqual(['ENOENT', 'ELOOP']);
  });
});

/** How many files and folders this process has open, where that can be known. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

it('folders may be as deep as paths can be long, and few of them are open at a time', async () => {
  const root = scratchDirectory();
  let deepest = root;
  for (let depth = 0; depth < 1900; depth++) {
    deepest += '/d';
    mkdirSync(deepest);
  }
  writeFileSync(`${deepest}/deep`, '');
  writeFileSync(join(root, 'd', 'a'), '');
  writeFileSync(join(root, 'd', 'z'), '');
  let mostOpen = 0;
  try {
    const found: string[] = [];
    for (const path of listFolder(logPath(root), () => false)) {
      found.push(path as string);
      mostOpen = Math.max(mostOpen, openFiles());
    }
    expect(found).toEqual(['d/a', `${deepest.slice(root.length + 1)}/deep`, 'd/z']);
    expect(mostOpen).toBeLessThan(500);
  } finally {
    // Node removes folders by recursion.
    execFileSync('rm', ['-rf', join(root, 'd')]);
  }
});

describe('a strange entry', async () => {
  it('with a name that is not UTF-8 is found by its bytes', async () => {
    const root = tree('z');
    const bytes = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff, 0x0a])]);
    try {
      writeFileSync(bytes, 'content');
    } catch {
      return; // a file system that takes UTF-8 names only
    }
    mkdirSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xfe])]));
    const inner = Buffer.from([0xfe, 0x2f, 0x80]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), inner]), 'content');
    const expected = ['f\xff\n', 'z', '\xfe/\x80'] as LogPath[];
    expect(filesOf(await walk(root))).toEqual(expected);
  });

  it.skipIf(process.platform === 'win32')('such as a pipe is no file', async () => {
    const root = tree('z');
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(await walk(root)).toMatchObject([{ kind: 'file', relativePath: 'z' }]);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is reported', async () => {
    const root = tree('closed/a', 'z');
    chmodSync(join(root, 'closed'), 0);
    const entries = await walk(root);
    chmodSync(join(root, 'closed'), 0o700);
    expect(filesOf(entries)).toEqual(['z']);
    expect(problemsOf(entries)).toMatchObject([{ isLoss: false, reason: 'EACCES' }]);
  });
});

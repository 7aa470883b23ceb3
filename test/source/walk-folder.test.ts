import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LogPath, logPath } from '../../src/source/log-path.js';
import { type SourceFile, type SourceProblem, walkFolder } from '../../src/source/walk-folder.js';
import { scratchDirectory } from '../support/scratch.js';

type Entry = SourceFile | SourceProblem;

function walk(root: string, excluded?: string): Entry[] {
  const stop = excluded === undefined ? undefined : statSync(excluded);
  return [...walkFolder(logPath(root), (stats) => stats.ino === stop?.ino)];
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

describe('the files below a folder', () => {
  it('are all regular ones, in the order of their names, with size and time', () => {
    const root = tree('b', 'a/z', 'a/b/c', 'a-b', 'c.gz', 'c', 'B', 'a.d');
    utimesSync(join(root, 'b'), 1_700_000_000.5, 1_700_000_000.5);
    const entries = walk(root);
    expect(filesOf(entries)).toEqual(['B', 'a/b/c', 'a/z', 'a-b', 'a.d', 'b', 'c', 'c.gz']);
    expect(entries.find((entry) => entry.kind === 'file' && entry.relativePath === 'b')).toEqual({
      kind: 'file',
      path: join(root, 'b'),
      relativePath: 'b',
      sizeBytes: 1,
      modifiedMs: 1_700_000_000_500,
    });
  });

  it('are not the hidden ones, nor what is in hidden folders', () => {
    expect(filesOf(walk(tree('.hidden', '.git/config', 'a/.b', 'a/.c/d', 'kept')))).toEqual([
      'kept',
    ]);
  });

  it('are found the same when the folder ends in a slash, or is itself hidden', () => {
    const root = tree('.logs/a', '.logs/b/c');
    for (const folder of ['.logs', '.logs/', '.logs//']) {
      expect(filesOf(walk(join(root, '/') + folder))).toEqual(['a', 'b/c']);
    }
  });

  it('are that one file when the root is a file', () => {
    const root = tree('a/log.gz');
    expect(walk(join(root, 'a/log.gz'))).toMatchObject([
      { kind: 'file', path: join(root, 'a/log.gz'), relativePath: 'log.gz', sizeBytes: 8 },
    ]);
  });

  it('are not those of the excluded folder', () => {
    const root = tree('cache/segments/x', 'log');
    expect(filesOf(walk(root, join(root, 'cache')))).toEqual(['log']);
    symlinkSync(join(root, 'cache'), join(root, 'link'));
    expect(problemsOf(walk(root, join(root, 'cache')))).toEqual([]);
  });
});

describe('a link', () => {
  it('to a file is followed', () => {
    const root = tree('a/log');
    symlinkSync('a/log', join(root, 'link'));
    expect(walk(root)).toMatchObject([
      { relativePath: 'a/log', sizeBytes: 5 },
      { relativePath: 'link', sizeBytes: 5 },
    ]);
  });

  it('to a folder is reported, also one that leads in a circle', () => {
    const root = tree('a/log');
    symlinkSync('..', join(root, 'a', 'up'));
    symlinkSync('a', join(root, 'same'));
    const entries = walk(root);
    expect(filesOf(entries)).toEqual(['a/log']);
    expect(problemsOf(entries)).toEqual([
      { kind: 'problem', path: join(root, 'a/up'), isLoss: false, reason: expect.any(String) },
      { kind: 'problem', path: join(root, 'same'), isLoss: false, reason: expect.any(String) },
    ]);
  });

  it('to nothing or to itself is reported and stops nothing', () => {
    const root = tree('z');
    symlinkSync('nowhere', join(root, 'dangling'));
    symlinkSync('loop', join(root, 'loop'));
    const entries = walk(root);
    expect(filesOf(entries)).toEqual(['z']);
    expect(problemsOf(entries).map((entry) => entry.reason)).toEqual(['ENOENT', 'ELOOP']);
  });
});

describe('a strange entry', () => {
  it('with a name that is not UTF-8 is found by its bytes', () => {
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
    expect(filesOf(walk(root))).toEqual(expected);
  });

  it.skipIf(process.platform === 'win32')('such as a pipe is no file', () => {
    const root = tree('z');
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(walk(root)).toMatchObject([{ kind: 'file', relativePath: 'z' }]);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is reported', () => {
    const root = tree('closed/a', 'z');
    chmodSync(join(root, 'closed'), 0);
    const entries = walk(root);
    chmodSync(join(root, 'closed'), 0o700);
    expect(filesOf(entries)).toEqual(['z']);
    expect(problemsOf(entries)).toMatchObject([{ isLoss: false, reason: 'EACCES' }]);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/random.js';
import { DIST } from '../support/cli.js';
import { scratchDirectory } from '../support/scratch.js';
import { crashStates, faultOf, wholeContents } from './crash-states.mjs';
import { Disk } from './disk.mjs';

/** As the writers of the cache do it, step by step. */
const STEPS = {
  write: "fs.writeSync(fd, 'new content')",
  sync: 'fs.fsyncSync(fd)',
  close: 'fs.closeSync(fd)',
  rename: "fs.renameSync('cache/a.tmp', 'cache/a')",
  syncFolder: "{ const d = fs.openSync('cache', 'r'); fs.fsyncSync(d); fs.closeSync(d); }",
} as const;
type Step = keyof typeof STEPS;

let root: string;
beforeEach(() => {
  root = scratchDirectory();
  mkdirSync(join(root, 'watched', 'cache'), { recursive: true });
  mkdirSync(join(root, 'blobs'));
  writeFileSync(join(root, 'watched', 'cache', 'a'), 'old');
});

/** Run a program in the watched folder. @returns disks as they were before, and what was done to them */
function watch(program: readonly string[]) {
  const folder = join(root, 'watched');
  const blobs = join(root, 'blobs');
  const disks = [new Disk(folder, blobs), new Disk(folder, blobs)] as const;
  const file = join(root, 'journal');
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program.join('\n')],
    {
      cwd: folder,
      encoding: 'utf8',
      env: {
        NODE_OPTIONS: `--import=${new URL('./journal.mjs', import.meta.url).href}`,
        JOURNAL_FOLDER: folder,
        JOURNAL_FILE: file,
        JOURNAL_BLOBS: blobs,
      },
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return { disks, journal: lines.map((line) => JSON.parse(line)) };
}

/** What may be left of `cache/a` at any moment of a program, what is wrong with that, and what is uncertain at its end. */
function leftBy(...steps: Step[]) {
  const { disks, journal } = watch([
    "import fs from 'node:fs';",
    "const fd = fs.openSync('cache/a.tmp', 'wx');",
    ...steps.map((step) => STEPS[step]),
  ]);
  const [disk, copy] = disks;
  const known = wholeContents(copy, journal);
  const contents = new Set<string>();
  const faults = new Set<string>();
  let n = 0;
  for (const { left } of crashStates(disk, journal, seededRandom(1).fraction)) {
    const fault = faultOf(left, known, join(root, 'blobs'));
    if (fault !== undefined) faults.add(fault);
    const place = join(root, 'left', String(n++));
    disk.write(left, place);
    contents.add(readFileSync(join(place, 'cache', 'a'), 'latin1'));
  }
  return { contents: [...contents].sort(), faults: [...faults], uncertain: disk.uncertain };
}

describe('the disk that loses what was not synced', () => {
  it('has the old file or the new one when all is synced in time', () => {
    const { contents, faults, uncertain } = leftBy(
      'write',
      'sync',
      'close',
      'rename',
      'syncFolder',
    );
    expect(contents).toEqual(['new content', 'old']);
    expect(faults).toEqual([]);
    expect(uncertain).toBe(0);
  });

  it('may have an empty, short or zeroed file when only the name is there', () => {
    const { contents, faults } = leftBy('write', 'close', 'rename', 'syncFolder');
    expect(contents).toEqual(['', '\0'.repeat(11), 'new c', 'new content', 'old']);
    expect(faults).toEqual(['cache/a is not whole']);
  });

  it('may have the old file again when the folder is not synced', () => {
    const { contents, faults, uncertain } = leftBy('write', 'sync', 'close', 'rename');
    expect(contents).toEqual(['new content', 'old']);
    expect(faults).toEqual([]);
    expect(uncertain).toBeGreaterThan(0);
  });
});

describe('the cache', () => {
  it('makes folders that last, with all that are above them', () => {
    const module = join(DIST, 'cache', 'atomic-write.js');
    const { disks, journal } = watch([
      `import { makeDirectory } from ${JSON.stringify(module)};`,
      "makeDirectory('deep/er/cache');",
    ]);
    const [disk] = disks;
    for (const entry of journal) disk.apply(entry);
    const left = disk.after(
      () => false,
      () => 'safe',
    );
    expect([...left.keys()]).toEqual(['cache', 'cache/a', 'deep', 'deep/er', 'deep/er/cache']);
    expect(disk.uncertain).toBe(0);
  });
});

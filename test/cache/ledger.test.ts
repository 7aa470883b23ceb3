import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCacheStatus } from '../../cache/cache-status.js';
import { listCommits } from '../../cache/commit-record.js';
import { Ledger } from '../../cache/ledger.js';
import { HELD, LedgerCache, type SomeFile } from '../support/ledger-cache.js';
import { numbersFrom } from '../support/random-lines.js';
import { scratchDirectory } from '../support/scratch.js';

function someFile(i: number): SomeFile {
  return { name: `log-${i}`, sizeBytes: (i % 7) * 10, modifiedMs: 1_700_000_000_000 + i };
}

function someFiles(from: number, to: number): SomeFile[] {
  return Array.from({ length: to - from }, (_, i) => someFile(from + i));
}

/** What a ledger says of a file as planning asks it: known and unchanged, changed, or new. */
async function answer(ledger: Ledger, file: SomeFile): Promise<string> {
  const state = ledger.lookUp(file.name, file.sizeBytes, file.modifiedMs);
  if (typeof state === 'string') return state;
  const known = await ledger.find(state, file.name);
  return known === undefined ? 'new' : `has ${known.sizeBytes} bytes`;
}

/** Let a ledger answer for files as committed, touched, and for unknown ones. */
async function answers(ledger: Ledger, committed: readonly SomeFile[]): Promise<string[]> {
  const asked = [
    ...committed,
    ...committed.map((file) => ({ ...file, modifiedMs: file.modifiedMs + 1 })),
    ...committed.map((file) => ({ ...file, name: `${file.name} (copy)` })),
  ];
  return Promise.all(asked.map((file) => answer(ledger, file)));
}

function expectedAnswers(committed: readonly SomeFile[]): string[] {
  return [
    ...committed.map(() => 'same'),
    ...committed.map(({ sizeBytes }) => `has ${sizeBytes} bytes`),
    ...committed.map(() => 'new'),
  ];
}

/** Everything of the commits but their names moved away: an index that covers all needs no more. */
async function withoutCommits<T>(cache: LedgerCache, act: () => Promise<T>): Promise<T> {
  const away = scratchDirectory();
  renameSync(cache.paths.segments, join(away, 'segments'));
  cpSync(cache.paths.commits, join(away, 'commits'), { recursive: true });
  for (const name of readdirSync(cache.paths.commits)) {
    writeFileSync(join(cache.paths.commits, name), '');
  }
  try {
    return await act();
  } finally {
    renameSync(join(away, 'segments'), cache.paths.segments);
    cpSync(join(away, 'commits'), cache.paths.commits, { recursive: true });
  }
}

describe('a ledger', () => {
  it('answers the same from its index, after whatever happened to that, as from the commits', async () => {
    const happening = fc.constantFrom(
      'nothing',
      'a run',
      'a run that was killed',
      'damage',
      'a cut',
      'loss of a file',
      'loss of all',
      'an old index',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { maxLength: 6 }),
        fc.infiniteStream(fc.nat(40)),
        fc.nat(),
        async (happenings, counts, seed) => {
          const cache = new LedgerCache();
          const { paths } = cache;
          const below = numbersFrom(seed);
          const committed: SomeFile[] = [];
          let old: string | undefined;
          for (const what of ['a run' as const, ...happenings]) {
            const indexFiles = readIndexFiles(paths.ledger);
            if (what === 'a run' || what === 'a run that was killed') {
              const ledger = await Ledger.open(paths, HELD);
              for (let commits = 1 + below(3); commits > 0; commits--) {
                const count = counts.next().value ?? 1;
                const files = someFiles(committed.length, committed.length + count);
                for (const file of files) expect(await answer(ledger, file)).toBe('new');
                for (const { name, sizeBytes, modifiedMs } of files) {
                  ledger.plan(name, sizeBytes, modifiedMs);
                }
                ledger.add(cache.commit(files), files);
                committed.push(...files);
              }
              expect(await answers(ledger, committed)).toEqual(expectedAnswers(committed));
              if (what === 'a run') ledger.finish();
              else ledger.close();
              if (old === undefined) {
                old = join(scratchDirectory(), 'old');
                cpSync(paths.ledger, old, { recursive: true });
              }
            } else if (what === 'loss of all' || indexFiles.length === 0) {
              rmSync(paths.ledger, { recursive: true, force: true });
            } else if (what === 'an old index' && old !== undefined) {
              rmSync(paths.ledger, { recursive: true });
              cpSync(old, paths.ledger, { recursive: true });
            } else if (what !== 'nothing') {
              const path = join(paths.ledger, indexFiles[below(indexFiles.length)]);
              const bytes = readFileSync(path);
              if (what === 'loss of a file') rmSync(path);
              else if (what === 'a cut') truncateSync(path, below(bytes.length + 1));
              else if (bytes.length > 0) {
                bytes[below(bytes.length)] ^= 1 << below(8);
                writeFileSync(path, bytes);
              }
            }
            // First without the lock, which changes nothing; then with it, which mends the index.
            const before = readIndexFiles(paths.ledger);
            const reader = await Ledger.open(paths);
            expect(await answers(reader, committed)).toEqual(expectedAnswers(committed));
            reader.close();
            expect(readIndexFiles(paths.ledger)).toEqual(before);
            (await Ledger.open(paths, HELD)).close();
            await withoutCommits(cache, async () => {
              const ledger = await Ledger.open(paths, HELD);
              const states = committed.map((file) => answer(ledger, file));
              expect(await Promise.all(states)).toEqual(committed.map(() => 'same'));
              expect(ledger.sources).toEqual(new Set(['/logs']));
              ledger.close();
            });
            const ledger = await Ledger.open(paths, HELD);
            expect(await answers(ledger, committed)).toEqual(expectedAnswers(committed));
            ledger.close();
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('forgets commits that are gone, after a reset or in a cache from a backup', async () => {
    const cache = new LedgerCache();
    cache.commit(someFiles(0, 10));
    (await Ledger.open(cache.paths, HELD)).close();
    const gone = cache.commit(someFiles(10, 20));
    (await Ledger.open(cache.paths, HELD)).close();
    rmSync(join(cache.paths.commits, `${gone.commit}.json`));
    for (const lock of [undefined, HELD]) {
      const ledger = await Ledger.open(cache.paths, lock);
      expect(await answer(ledger, someFile(3))).toBe('same');
      expect(await answer(ledger, someFile(13))).toBe('new');
      ledger.close();
      expect(readCacheStatus(cache.paths).files).toBe(10);
    }
    rmSync(cache.paths.commits, { recursive: true });
    const empty = await Ledger.open(cache.paths, HELD);
    expect(await answer(empty, someFile(3))).toBe('new');
    expect(readIndexFiles(cache.paths.ledger)).toEqual([]);
  });

  it('keeps what is in hand apart from what is known, while the index is written', async () => {
    const cache = new LedgerCache();
    const ledger = await Ledger.open(cache.paths, HELD);
    const files = someFiles(1, 5);
    for (const file of files) ledger.plan(file.name, file.sizeBytes, file.modifiedMs);
    ledger.add(cache.commit(files.slice(0, 2)), files.slice(0, 2));
    ledger.fail(files[2].name);
    ledger.save();
    const states = files.map((file) => ledger.lookUp(file.name, file.sizeBytes, 1));
    expect(states).toEqual([0, 0, 'new', 0xffffffff]);
    expect(await answers(ledger, files.slice(0, 2))).toEqual(expectedAnswers(files.slice(0, 2)));
  });

  it('finds the newest of two commits with a name: the first was of an empty file', async () => {
    const cache = new LedgerCache();
    const [empty, full] = [someFile(7), { ...someFile(7), sizeBytes: 50, modifiedMs: 9 }];
    cache.commit([empty]);
    cache.commit([full]);
    for (const lock of [undefined, HELD, HELD]) {
      const ledger = await Ledger.open(cache.paths, lock);
      expect(await answer(ledger, empty)).toBe('same');
      expect(await answer(ledger, full)).toBe('same');
      expect(await answer(ledger, { ...full, modifiedMs: 5 })).toBe('has 50 bytes');
      ledger.close();
    }
  });

  it('whose holder has lost the lock leaves the index alone', async () => {
    const cache = new LedgerCache();
    cache.commit(someFiles(0, 10));
    (await Ledger.open(cache.paths, HELD)).close();
    const before = readIndexFiles(cache.paths.ledger);
    cache.commit(someFiles(10, 20));
    const assertHeld = (): void => {
      throw new Error('lost');
    };
    await expect(Ledger.open(cache.paths, { assertHeld })).rejects.toThrow('lost');
    expect(readIndexFiles(cache.paths.ledger)).toEqual(before);
  });

  it('leaves no part behind that is not in use, also of runs that were killed', async () => {
    const cache = new LedgerCache();
    mkdirSync(cache.paths.ledger);
    const left = join(cache.paths.ledger, '0123456789abcdef.part');
    for (let i = 0; i < 12; i++) {
      writeFileSync(left, 'half a part');
      cache.commit(someFiles(i * 10, i * 10 + 10));
      (await Ledger.open(cache.paths, HELD)).close();
    }
    const sizes = readIndexFiles(cache.paths.ledger)
      .filter((name) => name !== 'manifest.json')
      .map((name) => statSync(join(cache.paths.ledger, name)).size);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(120 * 13);
    expect(sizes.length).toBeLessThan(8);
  });
});

describe('the status of a cache', () => {
  it('is the same with an index, with one that is behind, and without', async () => {
    const cache = new LedgerCache();
    const { paths } = cache;
    for (let i = 0; i < 5; i++) {
      cache.commit(someFiles(i * 10, i * 10 + 10), `/logs/${i}`, `0000000${Math.floor(i / 2)}`);
      if (i === 2) (await Ledger.open(paths, HELD)).close();
    }
    expect(listCommits(paths)).toHaveLength(5);
    const behind = readCacheStatus(paths);
    expect(behind).toMatchObject({ commits: 5, files: 50, pendingCommits: 5 });
    expect(behind.runs.map(({ files, source }) => [files, source])).toEqual([
      [10, '/logs/4'],
      [20, '/logs/2'],
      [20, '/logs/0'],
    ]);
    expect(behind.lines.reasons).toEqual({ invalid_time: behind.lines.rejected });
    (await Ledger.open(paths, HELD)).close();
    expect(readCacheStatus(paths)).toEqual(behind);
    rmSync(paths.ledger, { recursive: true });
    expect(readCacheStatus(paths)).toEqual(behind);
  });
});

function readIndexFiles(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

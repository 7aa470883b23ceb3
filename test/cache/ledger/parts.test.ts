import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownTable } from '../../../cache/ledger/known-table.js';
import { mergeParts, writeParts } from '../../../cache/ledger/merge-parts.js';
import {
  BLOCK,
  blockRoom,
  COLUMN,
  type LedgerPart,
  PartReader,
} from '../../../cache/ledger/part-file.js';
import type { FileColumns } from '../../../cache/ledger/run-table.js';
import { type CachePaths, cachePaths } from '../../../cache/paths.js';
import { scratchDirectory } from '../../support/scratch.js';

type Entry = readonly [high: number, low: number, stamp: number, ordinal: number];

/** Few and far apart, so that entries meet and every bucket is tried. */
const entry: fc.Arbitrary<Entry> = fc.tuple(
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.constantFrom(0, 1, 0xffffffff),
  fc.nat(2),
  fc.oneof(fc.nat(9), fc.constantFrom(255, 256, 65_535, 65_536)),
);

function folder(): CachePaths {
  const paths = cachePaths(scratchDirectory());
  mkdirSync(paths.ledger, { recursive: true });
  return paths;
}

function columns(entries: readonly Entry[]): FileColumns {
  const [highs, lows, stamps, ordinals] = [0, 1, 2, 3].map((i) =>
    Uint32Array.from(entries, (one) => one[i]),
  );
  return { highs, lows, stamps, ordinals };
}

function contentOf(paths: CachePaths, part: LedgerPart): string[] {
  const reader = new PartReader(paths.ledger, part);
  const entries: string[] = [];
  for (let block = 0; block < reader.blocks; block++) {
    const read = (column: number): Uint32Array =>
      reader.readBlock(column, block, blockRoom([reader]));
    const [highs, lows, stamps, ordinals] = Object.values(COLUMN).map(read);
    expect([...highs]).toEqual([...highs].sort((a, b) => a - b));
    highs.forEach((high, i) => {
      entries.push([high, lows[i], stamps[i], ordinals[i]].join());
    });
  }
  reader.close();
  return entries;
}

/** Well mixed 32-bit numbers (the finalizer of MurmurHash3 over a counter). */
function numbers(seed: number): () => number {
  let count = seed;
  return () => {
    let mixed = Math.imul(++count, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}

describe('parts of the index', () => {
  it('say of every file what was put in, in one table, however it is spread over them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(entry, { maxLength: 30 }), { maxLength: 10 }),
        fc.array(entry, { maxLength: 20 }),
        (groups, others) => {
          const paths = folder();
          const all = groups.flat();
          let parts: LedgerPart[] = [];
          for (const group of groups) {
            parts = mergeParts(paths, [...parts, ...writeParts(paths, columns(group))]);
          }
          expect(parts.length).toBeLessThan(8);
          const content = parts.flatMap((part) => contentOf(paths, part));
          expect(content.sort()).toEqual(all.map((one) => one.join()).sort());
          const readers = parts.map((part) => new PartReader(paths.ledger, part));
          const table = new KnownTable();
          table.load(readers);
          for (const [high, low, stamp] of [...all, ...others]) {
            const named = all.filter((one) => one[0] === high && one[1] === low);
            const file = { high, low, stamp };
            if (named.some((one) => one[2] === stamp)) expect(table.has(file)).toBe(true);
            if (named.length > 0) expect(table.mayHaveName(file)).toBe(true);
            const found = readers.flatMap((reader) => reader.find(high, low));
            expect(found.sort()).toEqual(named.map((one) => one[3]).sort());
          }
          for (const reader of readers) reader.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('of several blocks are read and searched as a whole, and take nothing else for known', () => {
    const paths = folder();
    const next = numbers(0);
    const entries = Array.from({ length: BLOCK + 40_000 }, (_, i): Entry => {
      // Some hashes have much company with the same upper half.
      return [i % 400 === 0 ? 0x55555555 : next(), next(), next(), i];
    });
    const parts = writeParts(paths, columns(entries));
    const readers = parts.map((part) => new PartReader(paths.ledger, part));
    const table = new KnownTable();
    table.load(readers);
    for (let i = 0; i < entries.length; i += 499) {
      const [high, low, stamp, ordinal] = entries[i];
      expect(table.has({ high, low, stamp })).toBe(true);
      expect(readers.flatMap((reader) => reader.find(high, low))).toEqual([ordinal]);
    }
    let taken = 0;
    for (let i = 0; i < 100_000; i++) {
      const other = { high: next(), low: next(), stamp: next() };
      if (table.has(other)) taken++;
    }
    expect(taken).toBe(0);
    for (const reader of readers) reader.close();
  });

  it('are refused when a single byte is another, or missing', () => {
    const paths = folder();
    const next = numbers(99);
    const entries = Array.from({ length: 300 }, (_, i): Entry => [next(), next(), next(), i]);
    const [part] = writeParts(paths, columns(entries));
    const path = join(paths.ledger, readdirSync(paths.ledger)[0]);
    const whole = readFileSync(path);
    const load = (): void => {
      const reader = new PartReader(paths.ledger, part);
      try {
        new KnownTable().load([reader]);
      } finally {
        reader.close();
      }
    };
    for (let at = 0; at < whole.length; at += 61) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1 << (at % 8);
      writeFileSync(path, damaged);
      expect(load).toThrow(expect.objectContaining({ code: 'LEDGER_INDEX_DAMAGED' }));
    }
    writeFileSync(path, whole);
    expect(load).not.toThrow();
    truncateSync(path, whole.length - 4);
    expect(load).toThrow(expect.objectContaining({ code: 'LEDGER_INDEX_DAMAGED' }));
  });
});

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEqualLines } from '../../../cache/validation/equal-lines.js';
import { LineHashes } from '../../../cache/validation/line-hashes.js';
import { PathList } from '../../../cache/validation/path-list.js';
import { scratchDirectory } from '../../support/scratch.js';

const KEY = Buffer.alloc(32, 7);

interface Placed {
  readonly text: string;
  readonly file: number;
  readonly offset: number;
  readonly sent: bigint;
  readonly isRecord: boolean;
}

/** By definition: `file:offset` of every line but the first of its kind, and where that is. */
function byDefinition(lines: readonly Placed[], ignored: ReadonlySet<number>): string[] {
  const first = new Map<string, string>();
  const sorted = lines
    .filter(({ file }) => !ignored.has(file))
    .sort((a, b) => a.file - b.file || a.offset - b.offset);
  return sorted.flatMap(({ text, file, offset, sent, isRecord }) => {
    const known = first.get(text);
    if (known === undefined) first.set(text, `${file}:${offset}`);
    return known === undefined ? [] : [`${file}:${offset} ${known} ${isRecord} ${sent}`];
  });
}

const placedLines = fc
  .array(
    fc.record({
      text: fc.integer({ min: 0, max: 60 }).map((n) => `line ${n}`),
      file: fc.nat(5),
      offset: fc.oneof(fc.nat(1000), fc.integer({ min: 2 ** 32, max: 2 ** 40 })),
      sent: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      isRecord: fc.boolean(),
    }),
    { maxLength: 200 },
  )
  // A place holds one line.
  .map((lines) => [
    ...new Map(lines.map((line) => [`${line.file}:${line.offset}`, line])).values(),
  ]);

describe('equal lines', () => {
  it('are found by any number of threads, in any order, in any amount of memory', async () => {
    const root = scratchDirectory();
    await fc.assert(
      fc.asyncProperty(
        placedLines,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 3, 1000),
        fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
        async (lines, threads, mostLines, ignored) => {
          const folder = mkdtempSync(join(root, 'run-'));
          const spills = Array.from({ length: threads }, (_, thread) => {
            const path = join(folder, `${thread}.hashes`);
            const hashes = new LineHashes(path, KEY, 100);
            for (const line of lines) {
              if (line.file % threads !== thread) continue;
              const { file, offset, isRecord, sent } = line;
              const bytes = {
                bytesLow: Number(sent & 0xffffffffn),
                bytesHigh: Number(sent >> 32n),
              };
              hashes.add(Buffer.from(line.text), { file, offset, isRecord, ...bytes });
            }
            return { path, extents: hashes.finish() };
          });
          const found: string[] = [];
          const isIgnored = (file: number): boolean => ignored.includes(file);
          await findEqualLines(
            spills,
            folder,
            isIgnored,
            ({ file, offset, firstFile, firstOffset, isRecord, bytesSent }) =>
              found.push(`${file}:${offset} ${firstFile}:${firstOffset} ${isRecord} ${bytesSent}`),
            mostLines,
          );
          expect(found.sort()).toEqual(byDefinition(lines, new Set(ignored)).sort());
          // What was parted again is gone.
          expect(readdirSync(folder)).toHaveLength(threads);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('leave neither an address nor anything that can be computed from a line without the key', () => {
    const folder = scratchDirectory();
    const line = Buffer.from('owner bucket [05/Mar/2024:09:00:00 +0000] 192.0.2.77 - rest');
    const written = [KEY, KEY, Buffer.alloc(32, 8)].map((key, i) => {
      const path = join(folder, `${i}`);
      const hashes = new LineHashes(path, key, 100);
      const facts = { file: 1, offset: 2, isRecord: true, bytesLow: 3, bytesHigh: 0 };
      hashes.add(line, facts);
      hashes.finish();
      return readFileSync(path);
    });
    expect(written[0]).toHaveLength(36);
    expect(written[0]).toEqual(written[1]);
    expect(written[0]?.subarray(0, 16)).not.toEqual(written[2]?.subarray(0, 16));
    for (const bytes of written) expect(bytes.includes('192.0.2')).toBe(false);
  });
});

describe('a list of paths', () => {
  it('gives each back by its number', () => {
    const list = new PathList(join(scratchDirectory(), 'files'));
    const paths = Array.from({ length: 5000 }, (_, i) => `folder/\xff${i}-${'x'.repeat(i % 40)}`);
    for (const [i, path] of paths.entries()) {
      list.add(path);
      if (i % 1000 === 7) expect(list.get(i)).toBe(path);
    }
    for (const number of [0, 1, 4321, 4999]) expect(list.get(number)).toBe(paths[number]);
    expect(() => list.get(5000)).toThrow(RangeError);
    list.close();
  });
});

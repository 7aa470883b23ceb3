import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tableRows } from '../../src/share/collect/table-rows.js';
import { parseTable } from '../../src/share/published/parse-table.js';
import type { PublishedArchive } from '../../src/share/published/published-archive.js';
import { tableText } from '../../src/summarize/table-text.js';

/** An archive of one table. */
function archiveOf(text: string): PublishedArchive {
  const bytes = Buffer.from(text);
  return { files: ['ds/t.tsv'], bytes: () => bytes } as unknown as PublishedArchive;
}

const cell = fc.string({ unit: fc.constantFrom(...'a"\t\n\r =\'é'), maxLength: 6 });

it('rows are those of the table, whatever is in it and wherever it is cut', () => {
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 40 }), (some, pieceBytes) => {
      const text = tableText([['path', 'n'], ...some]);
      expect([...tableRows(archiveOf(text), 'ds/t.tsv', pieceBytes)]).toEqual(
        parseTable(text).rows,
      );
    }),
  );
});

it('a large table comes in pieces; one that is not there has no rows', () => {
  const some = Array.from({ length: 90_000 }, (_, n) => [`sub-${n}/"quoted"\n${n}`, String(n)]);
  const text = tableText([['path', 'n'], ...some]);
  expect(text.length).toBeGreaterThan(2 << 20);
  const found = [...tableRows(archiveOf(text), 'ds/t.tsv')];
  expect(JSON.stringify(found) === JSON.stringify(some)).toBe(true);
  expect([...tableRows(archiveOf(text), 'ds/other.tsv')]).toEqual([]);
});

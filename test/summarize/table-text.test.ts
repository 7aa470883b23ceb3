import fc from 'fast-check';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { totalsText } from '../../src/summarize/json-text.js';
import { isGuarded, tableText } from '../../src/summarize/table-text.js';

test('a table is tab-separated lines, quoted only where needed', () => {
  expect(
    tableText([
      ['a b', 2n ** 64n],
      ['c\td', '<50'],
      ['e"f', 0n],
    ]),
  ).toBe('a b\t18446744073709551616\n"c\td"\t<50\n"e""f"\t0\n');
  expect(tableText([])).toBe('');
});

test('no field starts as a formula, however it goes on', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...'=+-@\t\r\n＝'),
      fc.string({ unit: 'binary' }),
      (first, rest) => {
        const text = tableText([[`${first}${rest}`, 1n]]);
        expect([`'${first}`, `"'${first}`].some((start) => text.startsWith(start))).toBe(true);
      },
    ),
  );
  // Quoted only where the rest needs it.
  expect(tableText([['=1+1', 1n]])).toBe("'=1+1\t1\n");
  expect(tableText([['=cmd\rx', 1n]])).toBe('"\'=cmd\rx"\t1\n');
});

test('a reader of tables gets every other field back', () => {
  const field = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !/^'*[=+\-@\t\r\n＝＋－＠\ufeff]/.test(text));
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (rows) => {
      const read = Papa.parse(tableText(rows).slice(0, -1), { delimiter: '\t', newline: '\n' });
      expect(read.data).toEqual(rows);
    }),
  );
});

test('no two fields are written alike: what looks guarded is guarded, too', () => {
  const field = fc.string({
    unit: fc.constantFrom("'", '=', '-', ' ', 'a', '\t'),
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(field, (text) => {
      const { data } = Papa.parse<string[]>(tableText([[text]]).slice(0, -1), {
        delimiter: '\t',
        newline: '\n',
      });
      const cell = String(data[0]?.[0]);
      expect(isGuarded(cell) ? cell.slice(1) : cell).toBe(text);
    }),
  );
  expect(tableText([["'=1+1"]])).toBe("''=1+1\n");
  expect(tableText([["'tis"]])).toBe("'tis\n");
});

test('totals are JSON with every digit', () => {
  expect(totalsText({ a: 2n ** 64n, b: '<50' })).toBe(
    '{\n  "a": 18446744073709551616,\n  "b": "<50"\n}',
  );
  expect(totalsText({ a: 1n }, 2)).toBe('{\n    "a": 1\n  }');
});

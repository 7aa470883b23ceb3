import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tableLines } from '../../bin/query-table.js';
import { textWidth } from '../../bin/text-width.js';

const COLUMNS = [
  { name: 'key', isNumber: false },
  { name: 'bytes_sent', isNumber: true },
];

it('columns are aligned, numbers to the right, and NULL is empty', () => {
  const rows = [
    ['ds1/日本', '7'],
    [null, '12345678901'],
  ];
  expect(tableLines(COLUMNS, rows, undefined)).toEqual([
    'key        bytes_sent',
    '────────  ───────────',
    'ds1/日本            7',
    '          12345678901',
  ]);
});

it('what is too wide for the terminal is cut, but no number', () => {
  const rows = [['a/long/path/of/a/file', '12345678901']];
  expect(tableLines(COLUMNS, rows, 24)[2]).toBe('a/long/pat…  12345678901');
  expect(tableLines(COLUMNS, rows, 10)[2]).toBe('a/l…  12345678901');
});

it('lines are no wider than the terminal, whatever is in the cells', () => {
  const cell = fc.option(fc.string({ unit: 'binary', maxLength: 60 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell)), fc.integer({ min: 12, max: 80 }), (rows, width) => {
      const columns = COLUMNS.map(({ name }) => ({ name, isNumber: false }));
      const lines = tableLines(columns, rows, width);
      expect(lines).toHaveLength(rows.length + 2);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
});

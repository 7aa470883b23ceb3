import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datasetFolder } from '../../src/summarize/dataset-folder.js';

const FOLDERS: readonly (readonly [dataset: string, folder: string])[] = [
  ['ds1', 'ds1'],
  ['000123', '000123'],
  ['a%2520b', 'a%2520b'],
  ['100%', '100%'],
  ['%2F', '%2F'],
  ["it's", "it's"],
  ['é', 'é'],
  ['Archive', 'Archive'],
  ['archive', '%61rchive'],
  ['%61rchive', '%2561rchive'],
  ['%2561rchive', '%252561rchive'],
  ['totals.json', '%74otals.json'],
  ['', '%empty'],
  ['%empty', '%25empty'],
  ['%25empty', '%2525empty'],
  ['.', '%2E'],
  ['..', '%2E%2E'],
  ['%2E%2E', '%252E%252E'],
  ['.git', '%2Egit'],
  ['-rf', '%2Drf'],
  ['=cmd()', '%3Dcmd()'],
  ['~root', '%7Eroot'],
  ['a ', 'a%20'],
  ['a.', 'a%2E'],
  ['a..', 'a.%2E'],
  ['x.tmp', 'x%2Etmp'],
  ['a\\b', 'a%5Cb'],
  ['a"b', 'a%22b'],
  ['a\u0000b\u007f', 'a%00b%7F'],
  ['a\u202eb', 'a%E2%80%AEb'],
  ['NUL', '%4EUL'],
  ['con.txt', '%63on.txt'],
  ['LPT1', '%4CPT1'],
  ['console', 'console'],
  ['100%"', '100%25%22'],
];

describe('the folder of a dataset', () => {
  for (const [dataset, folder] of FOLDERS) {
    test(`of ${JSON.stringify(dataset)} is ${folder}`, () => {
      expect(datasetFolder(dataset)).toBe(folder);
    });
  }

  test('of a long name can be read, is short, and belongs to that name alone', () => {
    const folder = datasetFolder('x'.repeat(1024));
    expect(folder).toMatch(/^x{160}%-[0-9a-f]{32}$/);
    expect(datasetFolder('x'.repeat(1023))).not.toBe(folder);
    expect(datasetFolder(folder)).toBe(folder.replace('%', '%25'));
    expect(datasetFolder('\u{1f680}'.repeat(80))).toMatch(/^(?:\u{1f680}){40}%-[0-9a-f]{32}$/u);
    expect(datasetFolder('x'.repeat(200))).toBe('x'.repeat(200));
  });
});

const pieces = fc.constantFrom(
  ...['%', '%25', '%61', '%2E', '%2e', '%22', '%2F', '%-', '61', '2', '5', 'archive', 'rchive'],
  ...['.', '..', ' ', '-', '=', '~', 'a', 'A', 'con', 'NUL', '.tmp', 'empty', '%empty', '"', '\\'],
  ...['\u0000', '\u202e', 'é', '\u{1f680}', '%C3', '%A9', '%E2%80%AE', 'totals.json', ':', '*'],
);

/** Names made of what the rules are about, and results for such names. */
const dataset = fc
  .oneof(
    fc.array(pieces, { maxLength: 5 }).map((list) => list.join('')),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.array(pieces, { minLength: 20, maxLength: 120 }).map((list) => list.join('')),
  )
  .map((name) => name.replaceAll('/', ''))
  .chain((name) => fc.constantFrom(name, datasetFolder(name), datasetFolder(datasetFolder(name))));

describe('folders of datasets', () => {
  test('differ when the datasets do', () => {
    fc.assert(
      fc.property(fc.array(dataset, { minLength: 2, maxLength: 60 }), (names) => {
        const different = new Set(names);
        expect(new Set([...different].map(datasetFolder)).size).toBe(different.size);
      }),
      { numRuns: 2000 },
    );
  });

  test('are safe file names', () => {
    fc.assert(
      fc.property(dataset, (name) => {
        const folder = datasetFolder(name);
        expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(255);
        expect(folder).not.toMatch(/^$|^[.\-=~]|[/\\<>:"|?*\p{Cc}\u061c\u200e\u200f]|[ .]$/u);
        expect(folder).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|^(con|nul|lpt1)(\.|$)|\.tmp$/i);
        expect(['archive', 'totals.json', 'archive_totals.json']).not.toContain(folder);
      }),
      { numRuns: 5000 },
    );
  });

  test('of plain names are these names', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_+-]{0,60}$/), (name) => {
        fc.pre(!/^(archive|con|prn|aux|nul|com\d|lpt\d)$/i.test(name));
        expect(datasetFolder(name)).toBe(name);
      }),
    );
  });
});

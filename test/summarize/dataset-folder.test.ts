import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datasetFolder, datasetFolders } from '../../src/summarize/dataset-folder.js';
import { foldedName } from '../../src/summarize/folded-name.js';

const FOLDERS: readonly (readonly [dataset: string, folder: string])[] = [
  ['ds1', 'ds1'],
  ['000123', '000123'],
  ['a%2520b', 'a%2520b'],
  ['100%', '100%'],
  ['%2F', '%2F'],
  ["it's", "it's"],
  ['é', 'é'],
  ['Archive', '%41rchive'],
  ['ARCHIVES', 'ARCHIVES'],
  ['Totals.JSON', '%54otals.JSON'],
  ['a%=', 'a%25='],
  ['%44%531%=', '%2544%25531%25='],
  ['a\u200db', 'a%E2%80%8Db'],
  ['a\u00adb', 'a%C2%ADb'],
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

/** What some file systems take for one, and where each stands. */
const TOGETHER: readonly (readonly (readonly [dataset: string, folder: string])[])[] = [
  [
    ['ds1', 'ds1'],
    ['DS1', '%44%531%='],
    ['Ds1', '%44s1%='],
  ],
  [
    ['Data', '%44ata%='],
    ['DATA', '%44%41%54%41%='],
  ],
  [['OnlyOne', 'OnlyOne']],
  [
    ['é', '%C3%A9%='],
    ['e\u0301', 'e%CC%81%='],
    ['É', '%C3%89%='],
  ],
  [
    ['a%2520b', 'a%2520b'],
    ['A%2520b', '%41%252520b%='],
  ],
  [
    ['..', '%252%45%252%45%='],
    ['%2e%2e', '%2e%2e'],
  ],
  [
    ['\u212a', '%E2%84%AA%='],
    ['k', 'k'],
    ['K', '%4B%='],
  ],
];

/** Undo it, for names that were not cut. */
function datasetOf(folder: string): string {
  const isApart = folder.endsWith('%=');
  const plain = isApart ? decodeURIComponent(folder.slice(0, -2)) : folder;
  if (plain === '%empty') return '';
  return datasetFolder(plain) === plain ? plain : decodeURIComponent(plain);
}

describe('folders of datasets that some file systems take for one', () => {
  for (const group of TOGETHER) {
    test(`are ${group.map(([, folder]) => folder).join(', ')}`, () => {
      const datasets = group.map(([dataset]) => dataset);
      for (const order of [datasets, datasets.toReversed()]) {
        const folderOf = datasetFolders(order);
        expect(group.map(([dataset]) => folderOf(dataset))).toEqual(
          group.map(([, folder]) => folder),
        );
      }
    });
  }

  test('are told by a form that no change of case or normal form changes', () => {
    const different: string[] = [];
    for (let code = 0; code < 0x1ffff; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const letter = String.fromCodePoint(code);
      const folded = foldedName(letter);
      const others = [letter.toLowerCase(), letter.toUpperCase(), letter.normalize('NFD')];
      others.push(letter.normalize('NFC'), letter.toLowerCase().toUpperCase());
      if (others.some((other) => foldedName(other) !== folded)) different.push(code.toString(16));
    }
    expect(different).toEqual([]);
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

/** As they are written elsewhere. */
const alike = dataset.chain((name) =>
  fc.constantFrom(
    name,
    ...[name.toUpperCase(), name.toLowerCase(), name.normalize('NFC'), name.normalize('NFD')],
    ...[`${name}%=`, datasetFolders([name, name.toUpperCase()])(name.toUpperCase())],
  ),
);
/** Lone surrogates are no text: keys are UTF-8. */
const archive = fc
  .array(alike, { minLength: 1, maxLength: 30 })
  .map((names) => names.filter((name) => Buffer.from(name).toString() === name));

describe('folders of all datasets of an archive', () => {
  test('differ, also in lower or upper case and in any normal form, are short, and tell the dataset', () => {
    fc.assert(
      fc.property(archive, (names) => {
        const datasets = [...new Set(names)];
        const folders = datasets.map(datasetFolders(datasets));
        for (const change of [
          (name: string) => name.toLowerCase(),
          (name: string) => name.toUpperCase(),
          (name: string) => name.normalize('NFC'),
          (name: string) => name.normalize('NFD').toLowerCase(),
          (name: string) => name.toUpperCase().normalize('NFC'),
        ]) {
          const changed = new Set([...folders, 'archive', 'totals.json'].map(change));
          expect(changed.size).toBe(datasets.length + 2);
        }
        for (const [i, folder] of folders.entries()) {
          expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(255);
          expect(folder).not.toMatch(
            /^$|^[.\-=~]|[/\\<>:"|?*\p{Cc}\p{Bidi_Control}]|[ .]$|\.tmp$/u,
          );
          if (!/%-[0-9a-f]{32}$/.test(folder)) expect(datasetOf(folder)).toBe(datasets[i]);
        }
        const reversed = datasetFolders(datasets.toReversed());
        expect(datasets.map(reversed)).toEqual(folders);
      }),
      { numRuns: 500 },
    );
  });
});

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

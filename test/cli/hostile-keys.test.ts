import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logLine, logText, recordsOf, type TruthLine } from '../support/truth.js';

const LONG = 'x'.repeat(1024);
const digest = createHash('sha256').update(LONG).digest('hex').slice(0, 32);

/** First components of keys, and the folders in which their tables must be, written down one by one. Names that look encoded are encoded once more. */
const FOLDERS: Readonly<Record<string, string>> = {
  '': '%empty',
  '.': '%2E',
  '..': '%252%45%252%45%=',
  '%2e%2e': '%2e%2e',
  '%2E%2E%2Fetc': '%2E%2E%2Fetc',
  '%252E%252E': '%25252E%25252E',
  '%00': '%2500',
  '%250A': '%25250A',
  archive: '%61rchive',
  Archive: '%41rchive',
  ARCHIVE: '%2541%52%43%48%49%56%45%=',
  'totals.json': '%74otals.json',
  CON: '%43ON',
  'aux.txt': '%61ux.txt',
  'lpt1.': 'lpt1%2E',
  '=cmd': '%3Dcmd',
  '-rf': '%2Drf',
  '+1': '+1',
  '@SUM(A1)': '@SUM(A1)',
  '~': '%7E',
  '.ssh': '%2Essh',
  'a.': 'a%2E',
  'a%2E': 'a%252E',
  'a%2520': 'a%252520',
  'a.tmp': 'a%2Etmp',
  'by_day.tsv': 'by_day.tsv',
  'a\\b': 'a%5Cb',
  "';$(touch$IFS.)": "';$(touch$IFS.)",
  '\u202egpj.exe': '%E2%80%AEgpj.exe',
  '\u200fx': '%E2%80%8Fx',
  'a\u200bb': 'a%E2%80%8Bb',
  ds1: 'ds1',
  DS1: '%44%531%=',
  Ds1: '%44s1%=',
  é: '%C3%A9%=',
  'e\u0301': 'e%CC%81%=',
  Straße: '%53tra%C3%9Fe%=',
  STRASSE: '%53%54%52%41%53%53%45%=',
  [LONG]: `${'x'.repeat(160)}%-${digest}`,
};
const PATHS = [
  '',
  ...[
    '/',
    '//',
    '/..',
    '/../../../../../../../../tmp/pwned',
    '/./x',
    '/a//b',
    '/a/',
    '/%00',
    '/NUL',
  ],
  ...['/=1+1', '/+1', '/-1', '/@SUM(1)', '/\uff1d1', '/\u202ex', '/x\u00a0', `/${'y'.repeat(800)}`],
];

/** Each key, from clients and at times of their own. */
const lines: TruthLine[] = Object.keys(FOLDERS).flatMap((dataset, d) =>
  PATHS.filter((path) => dataset !== '' || path !== '').map((path, p) => ({
    key: `${dataset}${path}`,
    time: 1_700_000_000 + d * 50_000 + p * 7,
    client: 1 + ((d * 31 + p * 7) % 200),
    bytes: BigInt(d * 1000 + p),
  })),
);

/** Lines with keys that are none, by what they must be called. */
const REFUSED: readonly (readonly [key: string, reason: string])[] = [
  ['ds1/\0', 'invalid_key'],
  ['ds1/a\tb', 'invalid_key'],
  ['\t=1', 'invalid_key'],
  ['ds1/"', 'invalid_key'],
  ['ds1/\xff', 'invalid_key'],
  ['ds1/\xc3', 'invalid_key'],
  ['\xed\xa0\x80', 'invalid_key'],
  ['ds1/%', 'key_bad_percent_escape'],
  ['ds1/%zz', 'key_bad_percent_escape'],
];

/** All there is, but for what is below the cache and changes in every run. */
function around(sandbox: Sandbox): string[] {
  return readdirSync(sandbox.root, { recursive: true })
    .map(String)
    .filter((path) => !path.startsWith('cache/'))
    .sort();
}

it('hostile keys and datasets are counted, each in a folder of its own, and lead nowhere else', async () => {
  const sandbox = new Sandbox();
  // The first night there is no other dataset that is "ds1" to some file systems.
  const first = lines.filter(({ key }) => /^(?:DS1|archive|é)(?:\/|$)/.test(key));
  sandbox.write('night1', logText(first));
  await sandbox.done('update', '--from', 'logs');
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(
    expectedTree(recordsOf(first), (name) => (name === 'archive' ? '%61rchive' : name)),
  );

  const bad = REFUSED.map(([key]) =>
    logLine({ key: 'KEY', time: 1, client: 1 }).replaceAll('KEY', () => key),
  );
  writeFileSync(
    sandbox.write('night2', logText(lines.filter((line) => !first.includes(line)))),
    Buffer.from(`${bad.join('\n')}\n`, 'latin1'),
    { flag: 'a' },
  );
  const before = around(sandbox);
  const outsiders = readdirSync('/tmp').filter((name) => name.includes('pwned'));
  const { extraction } = await sandbox.done('update', '--from', 'logs');
  const reasons: Record<string, number> = {};
  for (const [, reason] of REFUSED) reasons[reason] = (reasons[reason] ?? 0) + 1;
  expect(extraction.lines).toMatchObject({ rejected: bad.length, reasons });

  const summaries = join(sandbox.cache, 'summaries');
  const expected = expectedTree(recordsOf(lines), (name) => FOLDERS[name] as string);
  expect(readTree(summaries)).toEqual(expected);
  expect(around(sandbox)).toEqual(before);
  expect(readdirSync('/tmp').filter((name) => name.includes('pwned'))).toEqual(outsiders);
  const names = readdirSync(summaries);
  expect(new Set(names.map((name) => name.normalize('NFD').toLowerCase())).size).toBe(names.length);
  for (const name of names) {
    if (lstatSync(join(summaries, name)).isFile()) continue;
    const text = readFileSync(join(summaries, name, 'by_day.tsv'), 'utf8');
    expect(text).toMatch(/^date\t/);
  }
  // What a spreadsheet would compute is text, wherever it stands.
  const cells = [...expected.values()].flatMap((text) => text.split(/[\t\n]/));
  expect(cells.filter((cell) => /^[=+\-@]/.test(cell))).toEqual([]);
});

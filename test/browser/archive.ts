import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { datasetFolders } from '../../src/summarize/dataset-folder.js';
import { Sandbox } from '../support/cli.js';
import { writeMmdb } from '../support/mmdb-writer.js';
import { readTree } from '../support/published-tree.js';
import { LISTS } from '../support/region-clients.js';
import { logText, type TruthLine } from '../support/truth.js';

/** Names that a file of names gives to some of the datasets with most requests. */
const GIVEN = [
  "<script>document.title='pwned'</script>",
  '</script><img src=x onerror=alert(1)>',
  '--><svg/onload=alert(1)>',
  '"quoted"&\'more\'',
  'x'.repeat(1024),
  '__proto__',
  "%25zz#?=' onclick='alert(1)",
];
/** Names that only keys can give. */
const KEYS = ['\u202egpj.exe', 'a\u2028b'];
export const HOSTILE = [...GIVEN, ...KEYS];

const DATASETS = 1000;
const PLACES = [
  ['80.1.0.0/16', 'US', 'California'],
  ['80.2.0.0/16', 'DE', 'Bavaria'],
  ['80.3.0.0/16', 'BR', undefined],
  ['80.4.0.0/16', 'JP', 'Tokyo'],
] as const;
const ADDRESSES = [
  '80.1.2.3',
  '3.5.140.2',
  '80.2.9.9',
  '34.80.1.1',
  '45.86.1.1',
  '80.3.1.7',
  '80.4.4.4',
  '9.9.9.9',
];

/** Published tables, by their names below `summaries/`, as text. */
export type Tree = ReadonlyMap<string, string>;

/** An archive of 1,000 datasets, from logs to a report by the program itself. */
export async function makeArchive(): Promise<{ sandbox: Sandbox; tree: Tree; names: string[] }> {
  const sandbox = new Sandbox();
  const prefixes = Array.from(
    { length: DATASETS },
    (_, d) => KEYS[d - 5 - GIVEN.length] ?? `ds${String(d).padStart(4, '0')}`,
  );
  const names = prefixes.map((prefix, d) => GIVEN[d - 5] ?? prefix);
  for (let part = 0; part < 10; part++) {
    const own = prefixes.flatMap((prefix, d) => (d % 10 === part ? linesOf(prefix, d) : []));
    sandbox.write(`log-${part}`, logText(own));
  }
  const given = names.flatMap((name, d) =>
    name === prefixes[d] ? [] : [`  ${prefixes[d]}/: ${JSON.stringify(name)}`],
  );
  writeFileSync(
    join(sandbox.root, 'names.yaml'),
    ['version: 1', 'prefixes:', ...given, ''].join('\n'),
  );
  const lists = join(sandbox.root, 'lists');
  mkdirSync(lists);
  for (const [name, list] of Object.entries(LISTS))
    writeFileSync(join(lists, name), JSON.stringify(list));
  writeFileSync(join(lists, 'vpn.txt'), '45.86.0.0/16\n');
  const database = join(sandbox.root, 'city.mmdb');
  writeFileSync(
    database,
    writeMmdb(
      PLACES.map(([network, code, region]) => [
        network,
        {
          country: { iso_code: code },
          ...(region === undefined ? {} : { subdivisions: [{ names: { en: region } }] }),
        },
      ]),
    ),
  );
  Object.assign(sandbox.env, { SERVICE_RANGES_DIRECTORY: lists });
  await sandbox.done('update', '--from', 'logs', '--database', database, '--names', 'names.yaml');
  await sandbox.done('update', 'ip', 'coordinates');
  await sandbox.done('report', '--title', 'Archive of tests');
  return { sandbox, tree: readTree(join(sandbox.cache, 'summaries')), names };
}

/** Rows of a published table. */
export function rowsOf(tree: Tree, name: string): string[][] {
  return (tree.get(name) ?? '')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
}

export function folderOf(names: readonly string[], name: string): string {
  return datasetFolders(names)(name);
}

export function readReport(sandbox: Sandbox): string {
  return readFileSync(join(sandbox.root, 'report.html'), 'utf8');
}

function linesOf(name: string, d: number): TruthLine[] {
  const count = Math.max(3, Math.floor(7000 / (d + 1) ** 0.95));
  return Array.from({ length: count }, (_, n) => ({
    key: `${name}/sub-${n % 17}/run-${n % 3}_<i>&amp;.nwb`,
    time: 1_690_000_000 + Math.floor((n / count) ** 0.7 * 34_000_000) + d,
    client: 0,
    ip: ADDRESSES[(n * n + d) % ADDRESSES.length],
    bytes: BigInt((n % 1000) + 1) * 10n ** BigInt(d % 7) * 1000n,
    status: n % 4 === 0 ? 206 : 200,
  }));
}

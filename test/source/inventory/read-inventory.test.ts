import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { InventoryAccount } from '../../../src/source/inventory/inventory-object.js';
import { openInventory } from '../../../src/source/inventory/open-inventory.js';
import { readInventory } from '../../../src/source/inventory/read-inventory.js';
import {
  configurationFolder,
  csvRow,
  type ListedObject,
  writeCsvInventory,
  writeManifest,
  writeParquetInventory,
} from '../../support/inventory-writer.js';
import { scratchDirectory } from '../../support/scratch.js';

let destination: string;
let warnings: string[];
beforeEach(() => {
  destination = join(scratchDirectory(), 'inventories');
  warnings = [];
});

/** Current versions, and others that must not count. */
const CURRENT: ListedObject[] = Array.from({ length: 5000 }, (_, n) => ({
  key: `logs/2024-07-${String((n % 28) + 1).padStart(2, '0')}-00-00-00-${String(n).padStart(16, '0')}`,
  size: n * 2 ** 20,
  storage: n % 3 === 0 ? 'GLACIER' : 'STANDARD',
}));
const ODD: ListedObject[] = [
  'a b+c/100%',
  'ümlaut "quoted", and comma',
  "it's (so)!*",
  '日本/語',
].map((key) => ({ key }));
const OTHERS: ListedObject[] = [
  { key: 'old', older: true },
  { key: 'gone', deleted: true },
  { key: 'gone before', deleted: true, older: true },
];
const ALL = [...CURRENT, ...ODD, ...OTHERS];

async function read(directory = destination) {
  const inventory = await openInventory(directory, (message) => warnings.push(message));
  const account = new InventoryAccount();
  const objects: ListedObject[] = [];
  for await (const some of readInventory(inventory, account)) {
    for (const { key, sizeBytes, storageClass } of some) {
      const text = Buffer.from(key, 'latin1').toString('utf8');
      objects.push({ key: text, size: sizeBytes as number, storage: storageClass as string });
    }
  }
  return { inventory, account, objects };
}

function complete(objects: readonly ListedObject[]): ListedObject[] {
  return objects.map((object) => ({ size: 1000, storage: 'STANDARD', ...object }));
}

describe('an inventory', () => {
  it('in CSV lists the current objects, with their keys decoded, in the order of its files', async () => {
    writeCsvInventory(destination, [ALL.slice(0, 4000), [], ALL.slice(4000)]);
    const { account, objects, inventory } = await read();
    expect(objects).toEqual(complete([...CURRENT, ...ODD]));
    expect(account).toMatchObject({
      rows: 5007,
      objects: 5004,
      olderVersions: 1,
      deleteMarkers: 2,
    });
    expect([account.defects, warnings]).toEqual([0, []]);
    expect(inventory).toMatchObject({ run: '2024-07-21T01-00Z', sourceBucket: 'logs-of-tests' });
  });

  it.each(['snappy', 'zstd', 'gzip', 'uncompressed'])(
    'in Parquet (%s) lists the same, over many row groups',
    async (compression) => {
      await writeParquetInventory(destination, ALL, { compression });
      const { account, objects } = await read();
      expect(objects).toEqual(complete([...CURRENT, ...ODD]));
      expect(account).toMatchObject({ rows: 5007, olderVersions: 1, deleteMarkers: 2, defects: 0 });
    },
  );

  it('is found below its destination, its bucket, and as the folder of its configuration', async () => {
    writeCsvInventory(destination, [ODD]);
    const folders = [dirname(destination), destination, join(destination, 'logs-of-tests')];
    for (const folder of [...folders, configurationFolder(destination)]) {
      expect((await read(folder)).objects).toHaveLength(4);
    }
    mkdirSync(join(destination, 'logs-of-tests/weekly/2024-07-20T01-00Z'), { recursive: true });
    await expect(read()).rejects.toThrow('There are 2 inventories');
    rmSync(join(destination, 'logs-of-tests'), { recursive: true });
    await expect(read()).rejects.toThrow('there is no run of one');
  });

  /** Each spoils the newest run of two. */
  const SPOILED: [what: string, why: string, spoil: (run: string, data: string) => void][] = [
    ['no checksum yet', 'no manifest.checksum', (run) => rmSync(join(run, 'manifest.checksum'))],
    [
      'another manifest',
      'not what manifest.checksum says',
      (run) => appendFileSync(join(run, 'manifest.json'), ' '),
    ],
    ['a missing data file', 'is missing', (_, data) => rmSync(data)],
    ['a cut data file', 'bytes', (_, data) => truncateSync(data, 20)],
    [
      'a changed data file',
      'another MD5',
      (_, data) => {
        const bytes = readFileSync(data);
        bytes[30] ^= 1;
        writeFileSync(data, bytes);
      },
    ],
    ['a manifest without files', 'lacks', (run) => writeManifest(run, { fileFormat: 'CSV' })],
    ['a manifest that is no object', 'lacks', (run) => writeManifest(run, null)],
    [
      'a data file elsewhere',
      'no path',
      (run) => {
        const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
        manifest.files[0].key = 'inventories/../..';
        writeManifest(run, manifest);
      },
    ],
    [
      'columns without the key',
      'no column Key',
      (run) => {
        const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
        writeManifest(run, { ...manifest, fileSchema: 'Bucket, Size' });
      },
    ],
  ];
  it.each(SPOILED)('that has %s is left out, and the run before counts', async (_, why, spoil) => {
    writeCsvInventory(destination, [ODD], '2024-07-20T01-00Z');
    const newest = writeCsvInventory(destination, [ALL]);
    spoil(newest, join(configurationFolder(destination), 'data/2024-07-21T01-00Z-0.csv.gz'));
    const { inventory, objects } = await read();
    expect([inventory.run, objects.length]).toEqual(['2024-07-20T01-00Z', 4]);
    expect(warnings).toEqual([expect.stringContaining(why)]);
    rmSync(join(configurationFolder(destination), '2024-07-20T01-00Z'), { recursive: true });
    await expect(read()).rejects.toThrow('none of its runs is complete');
  });

  it('in ORC is refused with words', async () => {
    const run = writeCsvInventory(destination, [ODD]);
    const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
    writeManifest(run, { ...manifest, fileFormat: 'ORC' });
    await expect(read()).rejects.toThrow('ORC is a format that is not read');
  });

  it('in CSV with malformed rows loses just these, each told by file and row', async () => {
    const good = complete(ODD).map((object) => csvRow(object));
    const [a, b, c, d] = good as [string, string, string, string];
    const rows: [string, string?][] = [
      [a],
      ['"logs-of-tests","cut', 'bad_quotes'],
      [b],
      ['"logs-of-tests","x"', 'wrong_number_of_fields'],
      [a.replace('a+b', 'a%2'), 'key_bad_percent_escape'],
      [csvRow({ key: '' }), 'no_key'],
      [c.replace('"1000"', '"-1"'), 'invalid_size'],
      [c.replace('"true"', '"yes"'), 'invalid_flag'],
      [`"${'x'.repeat(3_000_000)}"`, 'row_too_long'],
      [''],
      [`${c}\r`],
      // As other stores write it: quotes where they are needed.
      [d.replaceAll('"', '').replace('STANDARD', '"STANDARD"')],
    ];
    const text = rows.map(([row]) => row).join('\n');
    writeCsvInventory(destination, [CURRENT, `${text}`]);
    const { account, objects } = await read();
    expect(objects).toEqual(complete([...CURRENT, ...ODD]));
    const file = 'data/2024-07-21T01-00Z-1.csv.gz';
    const planted = rows.flatMap(([, reason], i) =>
      reason === undefined ? [] : [{ file, row: i + 1, reason }],
    );
    expect(account.places).toEqual(planted);
    expect(account).toMatchObject({ defects: 7, rows: 5000 + 11, objects: 5004 });
  });

  it('with files that end early keeps what came before, and reads the others', async () => {
    const run = writeCsvInventory(destination, [ALL, ODD, ODD]);
    await writeParquetInventory(join(destination, 'other'), ALL);
    const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
    const data = join(configurationFolder(destination), 'data');
    const plant = (at: number, bytes: Buffer): void => {
      writeFileSync(join(data, readdirSync(data).sort()[at] as string), bytes);
      manifest.files[at].size = bytes.length;
      manifest.files[at].MD5checksum = createHash('md5').update(bytes).digest('hex');
    };
    const whole = gzipSync(ALL.map((object) => `${csvRow(object)}\n`).join(''));
    plant(0, whole.subarray(0, whole.length - 1000));
    plant(1, Buffer.from('this is not compressed'));
    writeManifest(run, manifest);
    const { account, objects } = await read(configurationFolder(destination));
    expect(objects.slice(-4)).toEqual(complete(ODD));
    expect(objects.length).toBeLessThan(5004);
    expect(account.defectReasons).toEqual({ unreadable_from_here: 2 });
    expect(account.places[1]).toMatchObject({ row: 1 });

    // The same of Parquet: the footer is whole, a page is not.
    const other = configurationFolder(join(destination, 'other'));
    const [name] = readdirSync(join(other, 'data')) as [string];
    const bytes = readFileSync(join(other, 'data', name));
    const middle = Math.floor(bytes.length / 2);
    bytes.fill(0xff, middle, middle + 2000);
    writeFileSync(join(other, 'data', name), bytes);
    const otherRun = join(other, '2024-07-21T01-00Z');
    const parquet = JSON.parse(readFileSync(join(otherRun, 'manifest.json'), 'utf8'));
    parquet.files[0].MD5checksum = createHash('md5').update(bytes).digest('hex');
    writeManifest(otherRun, parquet);
    const damaged = await read(other);
    expect(damaged.account.defectReasons).toEqual({ unreadable_from_here: 1 });
    expect(damaged.objects.length % 2048).toBe(0);
  });
});

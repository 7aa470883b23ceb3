// What a segment of records costs: time to encode it, bytes a record, and time to read it again in DuckDB, for
// few and for many distinct keys; beside it the simple encoders that tests compare with, and other codecs for the
// same pages. `node test/bench/segments.mjs [--smoke]` prints one JSON document.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { init as initZstd, compress as zstd } from '@bokuweb/zstd-wasm';
import { DuckDBInstance } from '@duckdb/node-api';
import { snappyUncompress } from 'hyparquet';

const SHAPES = [
  { name: 'few keys', keys: 4_000, addresses: 5_000 },
  { name: 'many keys', keys: 1_000_000, addresses: 1_000_000 },
];
const ROWS = 1 << 20;
/** Segments that are read together. */
const COPIES = 20;
const REPEATS = 5;

/** Other codecs by the numbers that Parquet has for them. */
/** Codecs have the numbers of Parquet. */
const GZIP = 2;
const CODECS = [
  { name: 'none', number: 0, compress: (bytes) => bytes },
  { name: 'gzip, level 1', number: 2, compress: (bytes) => gzipSync(bytes, { level: 1 }) },
  { name: 'zstd, level 1', number: 6, compress: (bytes) => zstd(bytes, 1) },
];

/**
 * @param scratch a folder for everything, removed by the caller
 * @param smoke a hundredth of it all
 * @returns one object for each shape
 */
export async function benchSegments({ scratch, smoke = false }) {
  await initZstd();
  const results = [];
  for (const shape of SHAPES) {
    const scale = smoke ? 100 : 1;
    const rows = Math.floor(ROWS / scale);
    const columns = await makeColumns(rows, shape.keys / scale, shape.addresses / scale);
    results.push({
      name: shape.name,
      rows,
      distinctKeys: columns.keys.count,
      distinctAddresses: columns.requesters.length / 16,
      ...(await benchShape(columns, join(scratch, shape.name), smoke ? 2 : COPIES)),
    });
  }
  return results;
}

async function benchShape(columns, folder, copies) {
  const { encodeRecordColumns } = await library('cache/parquet/record-columns.js');
  const { encodeFile } = await library('cache/parquet/encode-file.js');
  const { rows } = columns;
  const perRow = (seconds) => round((seconds / rows) * 1e9);
  const [firstSeconds] = time(() => encodeRecordColumns(columns), 1);
  const [seconds, encoded] = time(() => encodeRecordColumns(columns), REPEATS);
  const [simpleSeconds, simple] = await timeSimple(columns);
  const [fileSeconds, file] = time(() => encodeFile(encoded, rows), REPEATS);
  const [hashSeconds] = time(() => createHash('sha256').update(file).digest('hex'), REPEATS);
  const codecs = [
    {
      name: 'as written',
      bytesPerRecord: round(file.length / rows),
      scan: await scan(folder, file, copies),
    },
  ];
  for (const codec of CODECS) {
    const [codecSeconds, other] = time(() => encoded.map((column) => recoded(column, codec)), 1);
    const bytes = encodeFile(other, rows);
    codecs.push({
      name: codec.name,
      bytesPerRecord: round(bytes.length / rows),
      nanosecondsPerRecord: codec.number === 0 ? 0 : perRow(codecSeconds),
      scan: await scan(folder, bytes, copies),
    });
  }
  return {
    nanosecondsPerRecord: {
      encode: perRow(seconds),
      encodeFirst: perRow(firstSeconds),
      file: perRow(fileSeconds),
      sha256: perRow(hashSeconds),
      simpleEncoders: perRow(simpleSeconds),
    },
    bytesPerRecord: bytesPerRecord(encoded, rows),
    bytesPerRecordOfSimpleEncoders: bytesPerRecord(simple, rows),
    codecs,
  };
}

/** A column whose compressed pages are compressed by another codec; the time to undo the first is part of it. */
function recoded(column, codec) {
  if (column.codec === 0) return column;
  const page = (old) => {
    if (old === undefined || !old.compressed) return old;
    const raw = uncompressed(old, column.codec);
    return { ...old, bytes: codec.compress(raw), compressed: codec.number !== 0 };
  };
  return {
    ...column,
    codec: codec.number,
    data: page(column.data),
    ...(column.dictionary === undefined ? {} : { dictionary: page(column.dictionary) }),
  };
}

function uncompressed({ bytes, uncompressedBytes }, codec) {
  if (codec === GZIP) return gunzipSync(bytes);
  const raw = new Uint8Array(uncompressedBytes);
  snappyUncompress(bytes, raw);
  return raw;
}

/** Seconds of two queries over as many copies of a segment, the quickest of three runs. */
async function scan(folder, file, copies) {
  mkdirSync(folder, { recursive: true });
  for (let copy = 0; copy < copies; copy++) {
    writeFileSync(join(folder, `${copy}.parquet`), file);
  }
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const relation = `read_parquet('${join(folder, '*.parquet').replaceAll("'", "''")}')`;
  const seconds = {};
  const queries = {
    groupByKey: 'SELECT count(*), sum(n) FROM (SELECT key, count(*) AS n FROM R GROUP BY key)',
    sumAllColumns:
      'SELECT sum(bytes_sent), max("time"), count(*) FILTER (download), approx_count_distinct(requester) FROM R',
  };
  for (const [name, query] of Object.entries(queries)) {
    const text = query.replace('FROM R', () => `FROM ${relation}`);
    let best = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat < 3; repeat++) {
      const before = performance.now();
      await connection.runAndReadAll(text);
      best = Math.min(best, (performance.now() - before) / 1e3);
    }
    seconds[name] = round(best, 1_000);
  }
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true });
  return seconds;
}

/** The encoders of small tables, which take rows in the order they get: grouped by key, as ever. */
async function timeSimple(columns) {
  const c = await library('cache/parquet/column.js');
  const { rows, keys } = columns;
  return time(() => {
    const order = groupByKey(columns.keyIds, rows, keys.count);
    const pick = (column) => column.map((_, i) => column[order[i]]);
    return [
      c.dictionaryTextColumn('key', keys, pick(columns.keyIds), rows),
      c.numberColumn('time', pick(columns.times), rows),
      c.dictionaryFixedColumn(
        'requester',
        16,
        columns.requesters,
        pick(columns.requesterIds),
        rows,
      ),
      c.int64Column('bytes_sent', pick(columns.bytesLow), pick(columns.bytesHigh), rows),
      c.booleanColumn('download', pick(columns.downloads), rows),
    ];
  }, 1);
}

function groupByKey(keyIds, rows, keys) {
  const next = new Uint32Array(keys + 1);
  for (let row = 0; row < rows; row++) next[keyIds[row] + 1]++;
  for (let key = 0; key < keys; key++) next[key + 1] += next[key];
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[next[keyIds[row]]++] = row;
  return order;
}

/** Records as extraction has them: half of them downloads of whole objects, half parts of any size. */
async function makeColumns(rows, keyCount, addressCount) {
  const { benchmarkKeys } = await library('src/testing/benchmark-keys.js');
  const { seededRandom } = await library('src/testing/random.js');
  const random = seededRandom(1);
  const source = benchmarkKeys(keyCount, Math.min(keyCount, 400), random);
  const keys = new Map();
  const addresses = new Map();
  const idOf = (ids, value) => {
    const id = ids.get(value) ?? ids.size;
    ids.set(value, id);
    return id;
  };
  const columns = {
    rows,
    keyIds: new Uint32Array(rows),
    times: new Float64Array(rows),
    requesterIds: new Uint32Array(rows),
    bytesLow: new Uint32Array(rows),
    bytesHigh: new Uint32Array(rows),
    downloads: new Uint8Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    const key = source.draw(random);
    const isDownload = random.below(2) === 0;
    const size = source.sizeBytes(key);
    columns.keyIds[row] = idOf(keys, key);
    columns.times[row] = 1_704_067_200 + random.below(30 * 86_400);
    columns.requesterIds[row] = idOf(addresses, random.below(addressCount));
    columns.bytesLow[row] = isDownload ? size : 1 + random.below(Math.min(size, 8 << 20));
    columns.downloads[row] = Number(isDownload);
  }
  const texts = [...keys.keys()].map((key) => Buffer.from(source.logged(key)));
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = offsets[i] + text.length;
  });
  return {
    ...columns,
    keys: { bytes: Buffer.concat(texts), offsets, count: texts.length },
    requesters: randomBytes(16 * addresses.size),
  };
}

function bytesPerRecord(columns, rows) {
  const sizes = columns.map(({ name, dictionary, data }) => [
    name,
    {
      dictionary: round((dictionary?.bytes.length ?? 0) / rows),
      data: round(data.bytes.length / rows),
    },
  ]);
  return Object.fromEntries(sizes);
}

/** @returns seconds of the quickest of some runs, and what it gave */
function time(work, repeats) {
  let best = Number.POSITIVE_INFINITY;
  let result;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = performance.now();
    result = work();
    best = Math.min(best, (performance.now() - before) / 1e3);
  }
  return [best, result];
}

function round(value, parts = 100) {
  return Math.round(value * parts) / parts;
}

/** A module of the build. */
function library(path) {
  return import(new URL(`../../dist/${path}`, import.meta.url).href);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const scratch = mkdtempSync(join(tmpdir(), 's3logextraction-segments-'));
  try {
    const smoke = process.argv.includes('--smoke');
    process.stdout.write(`${JSON.stringify(await benchSegments({ scratch, smoke }), null, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

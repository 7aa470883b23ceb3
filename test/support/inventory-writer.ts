import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';

/** An object as a test wants it listed. */
export interface ListedObject {
  readonly key: string;
  readonly size?: number;
  readonly storage?: string;
  /** A version that is not the current one. */
  readonly older?: boolean;
  readonly deleted?: boolean;
}

const BUCKET = 'logs-of-tests';
const COLUMNS = 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, StorageClass';
export const RUN = '2024-07-21T01-00Z';

/** Where the inventory of a test stands below its destination. */
export function configurationFolder(destination: string): string {
  return join(destination, BUCKET, 'daily');
}

/** URL-encoded as S3 does: everything but unreserved characters and `/`, spaces as `+`. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function csvRow({
  key,
  size = 1000,
  storage = 'STANDARD',
  older,
  deleted,
}: ListedObject): string {
  const fields = [
    BUCKET,
    encodeKey(key),
    'v1.x',
    String(older !== true),
    String(deleted === true),
    deleted ? '' : String(size),
    deleted ? '' : storage,
  ];
  return fields.map((field) => `"${field}"`).join(',');
}

/** Write a run in CSV, its objects over some files. @returns the folder of the run */
export function writeCsvInventory(
  destination: string,
  files: readonly (readonly ListedObject[] | string)[],
  run = RUN,
  fileSchema = COLUMNS,
): string {
  const contents = files.map((file) =>
    gzipSync(
      typeof file === 'string' ? file : file.map((object) => `${csvRow(object)}\n`).join(''),
    ),
  );
  return writeRun(destination, contents, { fileFormat: 'CSV', fileSchema }, 'csv.gz', run);
}

/** Write a run in Parquet, as S3 has it, in small row groups. @returns the folder of the run */
export async function writeParquetInventory(
  destination: string,
  objects: readonly ListedObject[],
  { run = RUN, compression = 'snappy' } = {},
): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE inventory (bucket VARCHAR, "key" VARCHAR, version_id VARCHAR, is_latest BOOLEAN,
       is_delete_marker BOOLEAN, size BIGINT, last_modified_date TIMESTAMP, storage_class VARCHAR)`,
  );
  const appender = await connection.createAppender('inventory');
  for (const { key, size = 1000, storage = 'STANDARD', older, deleted } of objects) {
    appender.appendVarchar(BUCKET);
    appender.appendVarchar(key);
    appender.appendNull();
    appender.appendBoolean(older !== true);
    if (deleted) appender.appendBoolean(true);
    else appender.appendNull();
    if (deleted) appender.appendNull();
    else appender.appendBigInt(BigInt(size));
    appender.appendNull();
    if (deleted) appender.appendNull();
    else appender.appendVarchar(storage);
    appender.endRow();
  }
  appender.closeSync();
  mkdirSync(destination, { recursive: true });
  const path = join(destination, 'scratch.parquet');
  await connection.run(
    `COPY inventory TO '${path}' (FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE 2048)`,
  );
  connection.closeSync();
  instance.closeSync();
  const content = readFileSync(path);
  rmSync(path);
  const schema =
    'message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); }';
  return writeRun(
    destination,
    [content],
    { fileFormat: 'Parquet', fileSchema: schema },
    'parquet',
    run,
  );
}

function writeRun(
  destination: string,
  contents: readonly Buffer[],
  format: { readonly fileFormat: string; readonly fileSchema: string },
  suffix: string,
  run: string,
): string {
  const configuration = configurationFolder(destination);
  mkdirSync(join(configuration, 'data'), { recursive: true });
  mkdirSync(join(configuration, run), { recursive: true });
  const hive = join(configuration, 'hive', `dt=${run.slice(0, 10)}-01-00`);
  mkdirSync(hive, { recursive: true });
  const files = contents.map((content, i) => {
    const name = `${run}-${i}.${suffix}`;
    writeFileSync(join(configuration, 'data', name), content);
    const MD5checksum = createHash('md5').update(content).digest('hex');
    return { key: `inventories/${BUCKET}/daily/data/${name}`, size: content.length, MD5checksum };
  });
  writeFileSync(
    join(hive, 'symlink.txt'),
    files.map(({ key }) => `s3://inventory/${key}\n`).join(''),
  );
  writeManifest(join(configuration, run), {
    sourceBucket: BUCKET,
    destinationBucket: 'arn:aws:s3:::inventory',
    version: '2016-11-30',
    creationTimestamp: '1721520000000',
    ...format,
    files,
  });
  return join(configuration, run);
}

/** Write a manifest, and the checksum that belongs to it. */
export function writeManifest(run: string, manifest: unknown): void {
  const text = JSON.stringify(manifest, null, 2);
  writeFileSync(join(run, 'manifest.json'), text);
  writeFileSync(
    join(run, 'manifest.checksum'),
    `${createHash('md5').update(text).digest('hex')}\n`,
  );
}

import { createHash, randomBytes } from 'node:crypto';
import { rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE, writeAtomically, writeFileAtomic } from '../atomic-write.js';
import { type CacheKey, cacheFileText } from '../cache-file.js';
import { checkedName, parquetFiles, requireIntact } from '../checked-parquet.js';
import {
  type CommitRecord,
  commitText,
  DamagedCacheError,
  listCommits,
  readCommit,
  type SegmentFile,
} from '../commit-record.js';
import type { Engine } from '../engine.js';
import { S3LogExtractionError } from '../error.js';
import { removeGarbage } from '../garbage.js';
import type { WritableCache } from '../open-cache.js';
import { readOwnFile } from '../own-file.js';
import { dictionaryFixedColumn, numberColumn } from '../parquet/column.js';
import { encodeFile } from '../parquet/encode-file.js';
import { writeParquet } from '../parquet-file.js';
import { encodeRegions, type RegionRow, regionsDirectory } from '../region-table.js';
import { ADDRESS_SIZE_BYTES, sealedIpFromBytes } from '../seal.js';
import { openText, sealText } from '../sealed-text.js';
import type { SealingKey } from '../sealing-key.js';
import { readSettings, settingsText } from '../settings.js';
import { literalPattern, parquetRelation, sqlString } from '../sql.js';
import { verifyFile } from '../verify-file.js';
import { createResealer, type Resealer } from './reseal.js';
import { resealSegment } from './reseal-segment.js';
import { beginRotation, declareReady, finishRotation } from './rotation-files.js';
import type { RotationPaths } from './rotation-paths.js';

export interface RotateKeyOptions {
  /** The new key, and what the cache says of it. */
  readonly key: SealingKey;
  readonly cacheKey: CacheKey;
  readonly onProgress?: ((commitsDone: number, commits: number) => void) | undefined;
}

export interface RotateKeyResult {
  readonly commits: number;
  /** Bytes of segments written anew. */
  readonly bytes: number;
}

/** There is no room for a second copy of what is sealed. */
export class NoRoomError extends S3LogExtractionError {
  constructor(root: string, needed: number, free: number) {
    super(
      'NO_ROOM',
      `To change its key the cache ${root} needs ${needed} bytes more for a while; ${free} are free. Nothing was changed.`,
      { hint: 'Free some space and run the same command again.' },
    );
  }
}

/**
 * Seal a cache under another key (FORMAT.md section 17): everything that holds sealed addresses is written anew beside the
 * old, and then takes its place. It may end at any time: before all is written the cache stays as it was; after
 * that the next writer finishes it. What is published does not change.
 *
 * @throws {NoRoomError} @throws {DamagedCacheError} before anything is changed
 * @throws {CacheWriteError} @throws {EngineError}
 */
export async function rotateKey(
  cache: WritableCache,
  engine: Engine,
  { key, cacheKey, onProgress }: RotateKeyOptions,
): Promise<RotateKeyResult> {
  const { paths, lock } = cache;
  const commits = listCommits(paths).map((commit) => readCommit(paths, commit));
  requireRoom(paths.root, commits);
  const reseal = createResealer(cache.key, key);
  const rotation = beginRotation(paths);
  const mark = `k${cacheKey.kdf.salt.slice(0, 8)}`;
  let bytes = 0;
  for (const [done, commit] of commits.entries()) {
    onProgress?.(done, commits.length);
    const records: SegmentFile[] = [];
    for (const segment of commit.records) {
      records.push(await rewriteSegment(paths.segments, rotation, segment, mark, reseal));
      bytes += segment.bytes;
    }
    const text = commitText({ ...commit, records });
    writeFileAtomic(join(rotation.commits, `${commit.commit}.json`), text);
    lock.assertHeld();
  }
  await rewriteIndexes(cache, rotation, engine, reseal);
  await rewriteRegions(regionsDirectory(paths), rotation, engine, reseal);
  const { skippedAddresses, ...settings } = readSettings(paths);
  if (skippedAddresses !== undefined) {
    const text = await openText(
      skippedAddresses,
      cache.key,
      'The expression for addresses to skip',
    );
    const again = { ...settings, skippedAddresses: await sealText(text, key) };
    writeFileAtomic(rotation.settings, settingsText(again));
  }
  writeFileAtomic(rotation.cacheFile, cacheFileText({ ...cache.cacheFile, key: cacheKey }));
  lock.assertHeld();
  const old = commits.flatMap(({ records }) => records.map(({ file }) => file));
  declareReady(paths, old);
  finishRotation(paths, () => lock.assertHeld());
  removeGarbage(paths, lock.token);
  return { commits: commits.length, bytes };
}

function requireRoom(root: string, commits: readonly CommitRecord[]): void {
  const needed = commits
    .flatMap(({ records }) => records)
    .reduce((sum, segment) => sum + segment.bytes, 64 << 20);
  const { bavail, bsize } = statfsSync(root);
  if (bavail * bsize < needed) throw new NoRoomError(root, needed, bavail * bsize);
}

async function rewriteSegment(
  folder: string,
  rotation: RotationPaths,
  segment: SegmentFile,
  mark: string,
  reseal: Resealer,
): Promise<SegmentFile> {
  const path = join(folder, segment.file);
  await verifyFile(path, segment);
  const file = new Uint8Array(readOwnFile(path));
  try {
    resealSegment(file, reseal);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const hint =
      'Its requesters cannot be sealed anew: extract the logs into a new cache in place of changing the key.';
    throw new DamagedCacheError(path, error.message, error, hint);
  }
  const stem = segment.file.replace(/\.records\.parquet$/, '').replace(/-k[0-9a-f]{8}$/, '');
  const name = `${stem}-${mark}.records.parquet`;
  writeDurably(join(rotation.segments, name), file);
  return { ...segment, file: name, sha256: sha256(file) };
}

/** Rows that one file of indexes or regions gets. */
const ROWS_A_FILE = 500_000;

/** The engine joins indexes, which need 64 bits, to addresses sealed anew by their place in the order of indexes. */
async function rewriteIndexes(
  { paths }: WritableCache,
  { indexes }: RotationPaths,
  engine: Engine,
  reseal: Resealer,
): Promise<void> {
  const files = intactFiles(paths.indexes);
  if (files.length === 0) return;
  const relation = parquetRelation(files, { requester: 'UUID', index: 'BIGINT' });
  const again: string[] = [];
  let n = 0;
  const ordered = `SELECT requester::VARCHAR FROM ${relation} ORDER BY "index"`;
  for await (const rows of inFiles(engine.stream('read indexes', ordered))) {
    const requesters = resealed(
      rows.map(([requester]) => requester as string),
      reseal,
    );
    const numbers = Float64Array.from(rows, (_, row) => n + row);
    const ids = Uint32Array.from(rows, (_, row) => row);
    const path = join(paths.tmp, `resealed-${again.length}.parquet`);
    const columns = [
      numberColumn('n', numbers, rows.length),
      dictionaryFixedColumn('requester', ADDRESS_SIZE_BYTES, requesters, ids, rows.length),
    ];
    writeDurably(path, encodeFile(columns, rows.length));
    again.push(path);
    n += rows.length;
  }
  await writeParquet(
    engine,
    'write indexes',
    `SELECT sealed.requester, "index"
     FROM (SELECT "index", row_number() OVER (ORDER BY "index") - 1 AS n FROM ${relation})
     JOIN ${parquetRelation(again, { requester: 'UUID', n: 'BIGINT' })} AS sealed USING (n)
     ORDER BY "index"`,
    (sha256) => join(indexes, checkedName(randomBytes(16).toString('hex'), sha256)),
  );
  for (const path of again) rmSync(path, { force: true });
}

async function rewriteRegions(
  folder: string,
  { regions }: RotationPaths,
  engine: Engine,
  reseal: Resealer,
): Promise<void> {
  const files = intactFiles(folder);
  let n = 0;
  for (const path of files) {
    const rowsOf = engine.stream(
      'read regions',
      `SELECT requester::BLOB::UUID::VARCHAR, region, coalesce(checked, 0)::DOUBLE, coalesce(provisional, false)
       FROM (SELECT NULL::BIGINT AS checked, NULL::BOOLEAN AS provisional WHERE false
             UNION ALL BY NAME SELECT * FROM read_parquet(${sqlString(literalPattern(path))}, hive_partitioning = false))`,
    );
    for await (const rows of inFiles(rowsOf)) {
      const sealed = resealed(
        rows.map(([requester]) => requester as string),
        reseal,
      );
      const again = rows.map(([, region, checked, provisional], row): RegionRow => {
        const at = row * ADDRESS_SIZE_BYTES;
        const requester = sealedIpFromBytes(sealed.subarray(at, at + ADDRESS_SIZE_BYTES));
        return {
          requester,
          region: region as string,
          checked: checked as number,
          provisional: provisional as boolean,
        };
      });
      writeChecked(regions, `r${n++}`, encodeRegions(again));
    }
  }
}

function intactFiles(folder: string): string[] {
  const files = parquetFiles(folder);
  for (const file of files) requireIntact(file);
  return files;
}

async function* inFiles(stream: AsyncIterable<unknown[][]>): AsyncGenerator<unknown[][]> {
  let rows: unknown[][] = [];
  for await (const piece of stream) {
    rows.push(...piece);
    if (rows.length < ROWS_A_FILE) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** @param requesters as UUIDs: 32 hex digits and dashes */
function resealed(requesters: readonly string[], reseal: Resealer): Uint8Array {
  const bytes = Buffer.from(requesters.join('').replaceAll('-', ''), 'hex');
  reseal(bytes);
  return bytes;
}

function writeChecked(folder: string, stem: string, file: Uint8Array): void {
  const hash = sha256(file);
  writeDurably(join(folder, checkedName(`${stem}-${hash.slice(-16)}`, hash)), file);
}

function writeDurably(path: string, bytes: Uint8Array): void {
  writeAtomically(path, PRIVATE, (fd) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

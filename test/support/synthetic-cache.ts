import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIGINT, BOOLEAN, DuckDBInstance, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import {
  type CommitRecord,
  commitName,
  type SegmentFile,
  writeCommit,
} from '../../cache/commit-record.js';
import { type CachePaths, cachePaths } from '../../cache/paths.js';

/** One record as a test writes it down. */
export interface SyntheticRecord {
  readonly key: string;
  /** Seconds since 1970, UTC. */
  readonly time: number;
  /** 0: none; else a number that stands for one sealed address. */
  readonly requester: number;
  readonly bytesSent: bigint;
  readonly download: boolean;
}

/** Sealed addresses of tests: 16 bytes that depend on the number alone; 0 is none. */
export function sealedAddress(requester: number): Buffer {
  if (requester === 0) return Buffer.alloc(16);
  return createHash('md5').update(`requester ${requester}`).digest();
}

/** A cache in a new temporary directory, filled without extracting any log. */
export class SyntheticCache {
  readonly paths: CachePaths;
  #sequence = 0;

  /**
   * @param name of the cache directory within the temporary one
   * @param parent that one
   */
  constructor(name = 'cache', parent = mkdtempSync(join(tmpdir(), 's3-log-extraction-'))) {
    this.paths = cachePaths(join(parent, name));
    mkdirSync(this.paths.commits, { recursive: true });
    mkdirSync(this.paths.segments, { recursive: true });
  }

  remove(): void {
    rmSync(join(this.paths.root, '..'), { recursive: true, force: true });
  }

  /** Commit records, in as many segments as given; returns the commit. */
  async commit(...segments: (readonly SyntheticRecord[])[]): Promise<CommitRecord> {
    this.#sequence++;
    const time = new Date(Date.UTC(2026, 0, 1) + this.#sequence * 1000);
    const commit = commitName(time, '0a1b2c3d', this.#sequence);
    const records: SegmentFile[] = [];
    for (const [n, segment] of segments.entries()) {
      const file = `${commit}-${n}.records.parquet`;
      await writeRecords(join(this.paths.segments, file), segment);
      records.push(this.#seal(file, segment.length));
    }
    return this.#writeCommit(commit, records);
  }

  /** Commit `rows` records that an SQL query makes: key, time, requester, bytes_sent, download. */
  async commitQuery(query: string, rows: number): Promise<CommitRecord> {
    this.#sequence++;
    const commit = commitName(new Date(Date.UTC(2026, 0, 1)), '0a1b2c3d', this.#sequence);
    const file = `${commit}-0.records.parquet`;
    await withDuckDB((run) => run(copyTo(query, join(this.paths.segments, file))));
    return this.#writeCommit(commit, [this.#seal(file, rows)]);
  }

  /** Say in which region sealed addresses are, as the region stage would. */
  async writeRegions(regions: ReadonlyMap<number, string>, name = 'a'): Promise<void> {
    const folder = join(this.paths.root, 'ips', 'regions');
    mkdirSync(folder, { recursive: true });
    const rows = [...regions].map(
      ([requester, region]) =>
        `('${sealedAddress(requester).toString('hex')}', '${region.replaceAll("'", "''")}')`,
    );
    const query = `SELECT unhex(r) AS requester, region FROM (VALUES ${rows.join()}) t(r, region)`;
    await withDuckDB((run) => run(copyTo(query, join(folder, `${name}.parquet`))));
  }

  #seal(file: string, rows: number): SegmentFile {
    const path = join(this.paths.segments, file);
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    return { file, rows, bytes: statSync(path).size, sha256 };
  }

  #writeCommit(commit: string, records: SegmentFile[]): CommitRecord {
    const kept = records.reduce((sum, { rows }) => sum + rows, 0);
    const record: CommitRecord = {
      version: 1,
      commit,
      createdAt: '2026-01-01T00:00:00.000Z',
      schema: 1,
      mode: 'generic',
      source: '/logs',
      records,
      rejects: [],
      files: { file: `${commit}.files.parquet`, rows: 0, bytes: 0, sha256: '0'.repeat(64) },
      bytes: 0,
      lines: { total: kept, kept, skipped: 0, rejected: 0, reasons: {}, notes: {} },
    };
    writeCommit(this.paths, record);
    return record;
  }
}

/** Write a records segment (FORMAT.md section 5). */
async function writeRecords(path: string, records: readonly SyntheticRecord[]): Promise<void> {
  const columns = [
    [records.map(({ key }) => key), LIST(VARCHAR)],
    [records.map(({ time }) => BigInt(time)), LIST(BIGINT)],
    [records.map(({ requester }) => sealedAddress(requester).toString('hex')), LIST(VARCHAR)],
    [records.map(({ bytesSent }) => bytesSent), LIST(BIGINT)],
    [records.map(({ download }) => download), LIST(BOOLEAN)],
  ] as const;
  await withDuckDB(async (run) => {
    await run(
      `CREATE TABLE records AS SELECT unnest($1) AS key, unnest($2) AS time,
       unnest($3) AS requester, unnest($4) AS bytes_sent, unnest($5) AS download`,
      columns.map(([values]) => listValue([...values])),
      columns.map(([, type]) => type),
    );
    await run(copyTo('SELECT * REPLACE (unhex(requester) AS requester) FROM records', path));
  });
}

type Run = (sql: string, values?: unknown[], types?: unknown[]) => Promise<unknown>;

async function withDuckDB(action: (run: Run) => Promise<unknown>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await action((sql, values, types) => connection.run(sql, values as never, types as never));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function copyTo(query: string, path: string): string {
  return `COPY (${query}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`;
}

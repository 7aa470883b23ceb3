import { mkdirSync } from 'node:fs';
import {
  type CommitRecord,
  commitName,
  type SegmentFile,
  writeCommit,
} from '../../cache/commit-record.js';
import { type CachePaths, cachePaths } from '../../cache/paths.js';
import { type LedgerRow, writeLedger } from '../../cache/segment-writer.js';
import { scratchDirectory } from './scratch.js';

/** A lock that nobody contests. */
export const HELD = { assertHeld(): void {} };

/** What a ledger tells of one log file. */
export interface SomeFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** A cache with nothing but commits and their ledgers. */
export class LedgerCache {
  readonly paths: CachePaths = cachePaths(scratchDirectory());
  private sequence = 0;

  constructor() {
    for (const folder of [this.paths.commits, this.paths.segments, this.paths.rollups]) {
      mkdirSync(folder, { recursive: true });
    }
  }

  /** Commit files, each with as many lines as its size in bytes, one of ten rejected. */
  commit(files: readonly SomeFile[], source = '/logs', run = '0123abcd'): CommitRecord {
    const name = commitName(new Date(0), run, ++this.sequence);
    const rows = files.map(ledgerRow);
    const sum = (value: (row: LedgerRow) => number): number =>
      rows.reduce((total, row) => total + value(row), 0);
    // Nobody who asks the ledger reads them, so they need not be there.
    const unread = (kind: string, count: number): SegmentFile => ({
      file: `${name}-0.${kind}.parquet`,
      rows: count,
      bytes: 0,
      sha256: '',
    });
    const record: CommitRecord = {
      version: 1,
      commit: name,
      createdAt: new Date(this.sequence).toISOString(),
      schema: 1,
      mode: 'generic',
      source,
      records: [
        unread(
          'records',
          sum((row) => row.kept),
        ),
      ],
      rejects: [
        unread(
          'rejects',
          sum((row) => row.rejected),
        ),
      ],
      files: writeLedger(this.paths.segments, name, rows),
      bytes: sum((row) => row.sizeBytes),
      lines: {
        total: sum((row) => row.lines),
        kept: sum((row) => row.kept),
        skipped: 0,
        rejected: sum((row) => row.rejected),
        reasons: { invalid_time: sum((row) => row.rejected) },
        notes: {},
      },
    };
    writeCommit(this.paths, record);
    return record;
  }
}

function ledgerRow(file: SomeFile): LedgerRow {
  const rejected = Math.floor(file.sizeBytes / 10);
  return {
    ...file,
    path: file.name,
    encoding: 0,
    check: 7,
    contentBytes: file.sizeBytes,
    lines: file.sizeBytes,
    kept: file.sizeBytes - rejected,
    skipped: 0,
    rejected,
  };
}

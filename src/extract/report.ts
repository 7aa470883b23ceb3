import type { DefectReason } from '../source/inventory/inventory-object.js';
import type { LeftOutCounts } from '../source/inventory/listed-path.js';
import { NOTES, REASONS } from './reasons.js';

/** What one run of `extract` did: the numbers are of this run (`--json` prints exactly this). */
export interface ExtractionReport {
  readonly files: {
    /** Files that are there. */
    found: number;
    /** Extracted by an earlier run, or copies of a file that is. */
    known: number;
    /** Committed by this run. */
    extracted: number;
    /** Could not be read to the end, or changed since they were extracted. */
    failed: number;
  };
  /** Stored bytes of the files extracted. */
  bytes: number;
  readonly lines: {
    total: number;
    kept: number;
    skipped: number;
    rejected: number;
    readonly reasons: Record<string, number>;
    /** Oddities, and why lines were skipped that would be kept in another mode. */
    readonly notes: Record<string, number>;
  };
  /** With an inventory: what it lists, and what became of that. */
  listed?: ListedReport;
  /** Of a bucket: what became of objects besides being read. */
  bucket?: BucketReport;
  elapsedMs: number;
  /** Whether the run was asked to stop before it was through. */
  stopped: boolean;
}

/** What became of the objects of a bucket besides being read. */
export interface BucketReport {
  /** Left for a later run: too new. */
  readonly held: number;
  /** Deleted, their records being in commits; only where that was asked for. */
  readonly deleted: number;
  /** Not deleted because lines of them were rejected. */
  readonly kept: number;
  /** Changed since they were read, so that they stay, or the store would not delete them. */
  readonly notDeleted: number;
}

/** What an inventory lists; `files.found` are the log files of it that are there. */
export interface ListedReport {
  /** When the inventory was made: `2026-05-03T01-00Z`. */
  readonly run: string;
  /** Log files below the source. */
  readonly files: number;
  /** Of these, not there, and not extracted before. */
  readonly missing: number;
  /** The first of them. */
  readonly missingNames: readonly string[];
  /** Not there any more, but extracted before. */
  readonly extractedAndGone: number;
  /** Objects that are no log files below the source. */
  readonly leftOut: LeftOutCounts;
  /** Rows that do not count, by reason. */
  readonly defects: Readonly<Partial<Record<DefectReason, number>>>;
}

export function emptyReport(): ExtractionReport {
  return {
    files: { found: 0, known: 0, extracted: 0, failed: 0 },
    bytes: 0,
    lines: { total: 0, kept: 0, skipped: 0, rejected: 0, reasons: {}, notes: {} },
    elapsedMs: 0,
    stopped: false,
  };
}

/** Counts by reason code as counts by name, without the zeros. */
export function reasonCounts(counts: Uint32Array | Float64Array): Record<string, number> {
  return named(REASONS, counts);
}

export function noteCounts(counts: Uint32Array | Float64Array): Record<string, number> {
  return named(NOTES, counts);
}

function named(names: readonly string[], counts: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(
    names.flatMap((name, i) => (counts[i] > 0 ? [[name, counts[i]] as const] : [])),
  );
}

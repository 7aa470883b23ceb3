import type { CachePaths } from '../paths.js';
import {
  blockRoom,
  COLUMN,
  type LedgerPart,
  type OrdinalBytes,
  ordinalBytesFor,
  PartReader,
  writePart,
} from './part-file.js';
import type { FileColumns } from './run-table.js';

/** More parts than this are merged: each takes a look on disk for a file that changed. */
const MOST_PARTS = 6;

/** So that an upper half and a place fit into a number exactly (32 + 21 bits), and can be sorted as one. */
const MOST_SORTED = 1 << 21;

/** Write files as new parts. @throws {CacheWriteError} */
export function writeParts(paths: CachePaths, files: FileColumns): LedgerPart[] {
  const parts: LedgerPart[] = [];
  const ordinalBytes = ordinalBytesFor(files.ordinals.reduce((a, b) => Math.max(a, b), 0));
  for (let start = 0; start < files.highs.length; start += MOST_SORTED) {
    const highs = files.highs.subarray(start, start + MOST_SORTED);
    const order = Float64Array.from(highs, (high, i) => high * MOST_SORTED + i).sort();
    const part = writePart(paths.ledger, order.length, ordinalBytes, (push) => {
      for (const key of order) {
        const at = start + (key % MOST_SORTED);
        push(files.highs[at], files.lows[at], files.stamps[at], files.ordinals[at]);
      }
    });
    parts.push(part);
  }
  return parts;
}

/**
 * Merge small parts when there are many: the two smallest, and each next one that has no more entries than all taken so
 * far. So each entry is written anew as often as the number of entries has doubled, about.
 *
 * @throws {LedgerIndexError}
 * @throws {CacheWriteError}
 */
export function mergeParts(paths: CachePaths, parts: readonly LedgerPart[]): LedgerPart[] {
  if (parts.length <= MOST_PARTS) return [...parts];
  const bySize = [...parts].sort((a, b) => a.entries - b.entries);
  let taken = 2;
  let sum = bySize[0].entries + bySize[1].entries;
  while (taken < bySize.length && bySize[taken].entries <= sum) sum += bySize[taken++].entries;
  return [merge(paths, bySize.slice(0, taken)), ...bySize.slice(taken)];
}

function merge(paths: CachePaths, parts: readonly LedgerPart[]): LedgerPart {
  const cursors: Cursor[] = [];
  try {
    for (const part of parts) cursors.push(new Cursor(new PartReader(paths.ledger, part)));
    const entries = parts.reduce((sum, part) => sum + part.entries, 0);
    const widths = parts.map(({ ordinalBytes = 4 }) => ordinalBytes);
    const ordinalBytes = Math.max(...widths) as OrdinalBytes;
    return writePart(paths.ledger, entries, ordinalBytes, (push) => {
      for (let written = 0; written < entries; written++) {
        let least = cursors[0];
        for (const cursor of cursors) if (cursor.high < least.high) least = cursor;
        push(least.high, least.low, least.stamp, least.ordinal);
        least.advance();
      }
    });
  } finally {
    for (const cursor of cursors) cursor.close();
  }
}

/** Goes through a part from its start. At its end `high` is greater than all. */
class Cursor {
  high = Number.POSITIVE_INFINITY;
  private block = -1;
  private at = 0;
  private length = 0;
  private readonly columns: readonly Uint32Array[];

  constructor(private readonly part: PartReader) {
    this.columns = Object.values(COLUMN).map(() => blockRoom([part]));
    this.advance();
  }

  get low(): number {
    return this.columns[COLUMN.low][this.at];
  }

  get stamp(): number {
    return this.columns[COLUMN.stamp][this.at];
  }

  get ordinal(): number {
    return this.columns[COLUMN.ordinal][this.at];
  }

  advance(): void {
    if (++this.at >= this.length) this.nextBlock();
    this.high =
      this.at < this.length ? this.columns[COLUMN.high][this.at] : Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.part.close();
  }

  private nextBlock(): void {
    if (++this.block >= this.part.blocks) {
      this.length = 0;
      return;
    }
    this.at = 0;
    this.columns.forEach((room, column) => {
      this.length = this.part.readBlock(column, this.block, room).length;
    });
  }
}

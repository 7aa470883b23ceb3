import { parseTable } from '../published/parse-table.js';
import type { PublishedArchive } from '../published/published-archive.js';

const LF = 0x0a;
const QUOTE = 0x22;

/** Rows that are taken apart at once. */
const PIECE_BYTES = 1 << 20;

/**
 * The rows of a published table, header left out, as {@link PublishedArchive.table} has them, but piece by piece: tables of
 * assets may be large.
 *
 * @param name below `summaries/`; a table that there is not has no rows
 */
export function* tableRows(
  archive: PublishedArchive,
  name: string,
  pieceBytes = PIECE_BYTES,
): Generator<readonly string[], void> {
  if (!archive.files.includes(name)) return;
  const bytes = archive.bytes(name);
  let isHeader = true;
  for (let start = 0; start < bytes.length; ) {
    const end = endOfRows(bytes, start, pieceBytes);
    const { columns, rows } = parseTable(bytes.toString('utf8', start, end));
    if (!isHeader) yield columns;
    isHeader = false;
    yield* rows;
    start = end;
  }
}

/** Where a row ends that is at least a piece away: at an LF that stands in no quotes. */
function endOfRows(bytes: Buffer, start: number, pieceBytes: number): number {
  let isQuoted = false;
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[at] === LF && !isQuoted && at - start >= pieceBytes) return at + 1;
  }
  return bytes.length;
}

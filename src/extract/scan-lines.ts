import { LF } from './bytes.js';
import { KIND, Line } from './line.js';
import { parseLine } from './parse-line.js';
import { NOTES, REASON, REASONS } from './reasons.js';
import type { RecordBatch } from './record-batch.js';

/**
 * Longer lines are rejected unread. S3 keeps keys to 1,024 bytes and HTTP headers to some
 * kilobytes, so that no record comes near it; a binary file may hold any length between two line feeds.
 */
export const LONGEST_LINE = 1 << 20;

/** The account of one log file, or of a part of one (invariant I3). */
export interface FileAccount {
  lines: number;
  kept: number;
  skipped: number;
  rejected: number;
  /** Rejected lines by code of the reason. */
  readonly reasons: Uint32Array;
  /** Lines by bit of the note. */
  readonly notes: Uint32Array;
}

export function emptyAccount(): FileAccount {
  return {
    lines: 0,
    kept: 0,
    skipped: 0,
    rejected: 0,
    reasons: new Uint32Array(REASONS.length),
    notes: new Uint32Array(NOTES.length),
  };
}

/** Back to zero, for the next file. */
export function resetAccount(account: FileAccount): void {
  account.lines = 0;
  account.kept = 0;
  account.skipped = 0;
  account.rejected = 0;
  account.reasons.fill(0);
  account.notes.fill(0);
}

const line = new Line();

/**
 * Parse all lines that end in a line feed between `start` and `end` of the buffer; with
 * `isLast` also what stands after the last line feed.
 *
 * @param fileOffset offset in the log file of the buffer's first byte
 * @param limit lines that begin at this position of the buffer or later are left alone
 * @returns the position after the last line taken
 */
export function scanLines(
  buffer: Buffer,
  start: number,
  end: number,
  isLast: boolean,
  fileOffset: number,
  limit: number,
  name: string,
  batch: RecordBatch,
  account: FileAccount,
): number {
  let at = start;
  while (at < end && at < limit) {
    let feed = buffer.indexOf(LF, at);
    if (feed < 0 || feed >= end) {
      if (!isLast) break;
      feed = end;
    }
    takeLine(buffer, at, feed, fileOffset, name, batch, account);
    at = feed + 1;
  }
  return Math.min(at, end);
}

function takeLine(
  buffer: Buffer,
  start: number,
  end: number,
  fileOffset: number,
  name: string,
  batch: RecordBatch,
  account: FileAccount,
): void {
  account.lines++;
  const reason =
    end - start > LONGEST_LINE ? REASON.line_too_long : parseLine(buffer, start, end, line);
  if (reason !== 0) {
    reject(fileOffset + start, reason, name, batch, account);
    return;
  }
  if (line.notes !== 0) countNotes(line.notes, account);
  if (line.kind === KIND.skipped) {
    account.skipped++;
  } else {
    account.kept++;
    batch.addRecord(buffer, line);
  }
}

export function reject(
  offset: number,
  reason: number,
  name: string,
  batch: RecordBatch,
  account: FileAccount,
): void {
  account.rejected++;
  account.reasons[reason]++;
  batch.addReject(name, offset, reason);
}

function countNotes(notes: number, account: FileAccount): void {
  for (let bit = 0; bit < NOTES.length; bit++) if (notes & (1 << bit)) account.notes[bit]++;
}

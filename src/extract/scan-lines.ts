import { LF } from './bytes.js';
import { KIND, Line } from './line.js';
import { parseLine } from './parse-line.js';
import { NOTES, REASON, REASONS } from './reasons.js';
import {
  LONGEST_LINE,
  MADE_LINE_BYTES,
  type RecordBatch,
  type ScanResult,
} from './record-batch.js';
import { isStructured, type StructuredTaker, takeStructured } from './take-structured.js';

/** The account of one log file, or of a part of one (invariant I3). */
export interface FileAccount {
  lines: number;
  kept: number;
  skipped: number;
  rejected: number;
  /** Rejected lines by code of the reason. */
  readonly reasons: Float64Array;
  /** Lines by bit of the note. */
  readonly notes: Float64Array;
}

export function emptyAccount(): FileAccount {
  return {
    lines: 0,
    kept: 0,
    skipped: 0,
    rejected: 0,
    reasons: new Float64Array(REASONS.length),
    notes: new Float64Array(NOTES.length),
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
 * Parse all lines that end in a line feed between `start` and `end` of the batch's input; with
 * `isLast` also what stands after the last line feed. The core takes the usual ones, `parseLine` the others.
 *
 * @param fileOffset offset in the log file of the input's first byte
 * @param limit lines that begin at this position of the input or later are left alone
 * @returns the position after the last line taken
 */
export function scanLines(
  batch: RecordBatch,
  start: number,
  end: number,
  isLast: boolean,
  fileOffset: number,
  limit: number,
  name: string,
  account: FileAccount,
): number {
  const { input } = batch;
  let at = start;
  while (at < end && at < limit) {
    const found = batch.scan(at, end, limit, isLast);
    count(found, account);
    if (!found.isOdd) return Math.min(found.at, end);
    // `scan` has put a line feed at `end`.
    const feed = input.indexOf(LF, found.at);
    takeLine(found.at, feed, fileOffset, name, batch, account);
    at = feed + 1;
  }
  return Math.min(at, end);
}

const WITH_SPACES = NOTES.indexOf('requester_with_spaces');
const WITH_SPACES_BEFORE = NOTES.indexOf('multiple_spaces_before_requester');
const IN_OTHER_ZONES = NOTES.indexOf('zone_not_utc');
const OTHER_KEY = NOTES.indexOf('key_not_content');
const SKIPPED_ADDRESS = NOTES.indexOf('address_skipped');

function count(found: ScanResult, account: FileAccount): void {
  account.lines += found.kept + found.skipped;
  account.kept += found.kept;
  account.skipped += found.skipped;
  account.notes[WITH_SPACES] += found.withSpaces;
  account.notes[WITH_SPACES_BEFORE] += found.withSpacesBefore;
  account.notes[IN_OTHER_ZONES] += found.inOtherZones;
  account.notes[OTHER_KEY] += found.withOtherKeys;
  account.notes[SKIPPED_ADDRESS] += found.withSkippedAddresses;
}

function takeLine(
  start: number,
  end: number,
  fileOffset: number,
  name: string,
  batch: RecordBatch,
  account: FileAccount,
): void {
  account.lines++;
  const reason =
    end - start > LONGEST_LINE ? REASON.line_too_long : parseLine(batch.input, start, end, line);
  if (reason !== 0) {
    if (reason !== REASON.line_too_long && isStructured(batch.input, start, end)) {
      account.lines--;
      takeStructured(
        batch.input,
        start,
        end,
        new Structured(fileOffset + start, name, batch, account),
      );
    } else {
      reject(fileOffset + start, reason, name, batch, account);
    }
    return;
  }
  takeRecord(batch, account);
}

/** Take what the careful parser has found. */
function takeRecord(batch: RecordBatch, account: FileAccount): void {
  if (line.notes !== 0) countNotes(line.notes, account);
  if (line.kind === KIND.skipped) {
    account.skipped++;
    return;
  }
  const taken = batch.addRecord(line);
  if (taken === 'kept') {
    account.kept++;
  } else {
    account.skipped++;
    account.notes[taken === 'key_not_content' ? OTHER_KEY : SKIPPED_ADDRESS]++;
  }
}

/** Counts each record of a structured line as a line of its own. */
class Structured implements StructuredTaker {
  constructor(
    private readonly offset: number,
    private readonly name: string,
    private readonly batch: RecordBatch,
    private readonly account: FileAccount,
  ) {}

  line(text: string): void {
    const reason = this.judge(text);
    if (reason === 0) {
      this.account.lines++;
      takeRecord(this.batch, this.account);
    } else {
      this.rejected(reason);
    }
  }

  /** @returns 0, and what it says in `line`, or the code of a reason */
  private judge(text: string): number {
    const { input } = this.batch;
    // Behind all that is read: see MADE_LINE_BYTES.
    const start = input.length - MADE_LINE_BYTES;
    if (text.length >= MADE_LINE_BYTES) return REASON.invalid_key;
    const end = start + input.write(text, start, 'latin1');
    input[end] = LF;
    return parseLine(input, start, end, line);
  }

  rejected(reason: number): void {
    this.account.lines++;
    reject(this.offset, reason, this.name, this.batch, this.account);
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
  batch.rejects.add(name, offset, reason);
}

function countNotes(notes: number, account: FileAccount): void {
  for (let bit = 0; bit < NOTES.length; bit++) if (notes & (1 << bit)) account.notes[bit]++;
}

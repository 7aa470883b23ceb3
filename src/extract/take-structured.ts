import { REASON } from './reasons.js';
import { structuredLine } from './structured-record.js';

/** How a line of a structured log may begin: an object, an array of them, or the next object of an array. */
const FIRST = new Set([...'{[,'].map((character) => character.charCodeAt(0)));
/** What each record has. Whether a line is one is told by the line alone: files are read in parts. */
const MARK = Buffer.from('"schema_version_id"');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What takes the records of one line of a structured log. */
export interface StructuredTaker {
  /** A record, as a line that `parseLine` judges. @param record as it stands in the log */
  line(text: string, record: unknown): void;
  /** @param record undefined for what is no JSON */
  rejected(reason: number, record: unknown): void;
}

/** Whether a line that is none of S3's is one of a structured log. */
export function isStructured(input: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && (input[at] === 0x20 || input[at] === 0x09)) at++;
  return at < end && FIRST.has(input[at]) && input.subarray(at, end).includes(MARK);
}

/** Take a line of a structured log: an object, an array of them, or an object of an array that has a line for each. */
export function takeStructured(
  input: Buffer,
  start: number,
  end: number,
  taker: StructuredTaker,
): void {
  const found = parse(input.subarray(start, end));
  if (found === undefined) taker.rejected(REASON.structured_not_json, undefined);
  for (const value of found ?? []) {
    const text = structuredLine(value);
    if (typeof text === 'string') taker.line(text, value);
    else taker.rejected(text, value);
  }
}

/** @returns undefined for what is no JSON */
function parse(bytes: Buffer): readonly unknown[] | undefined {
  let text: string;
  try {
    text = utf8.decode(bytes).trim();
  } catch {
    return undefined;
  }
  const inner = text.replace(/^[[,]/, '').replace(/[\],]$/, '');
  for (const candidate of [text, inner]) {
    try {
      const value: unknown = JSON.parse(candidate);
      return Array.isArray(value) ? value : [value];
    } catch {
      // Perhaps without what stands around it.
    }
  }
  return undefined;
}

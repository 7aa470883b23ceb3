import { expect, it } from 'vitest';
import { KIND, Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { REASON } from '../../src/extract/reasons.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount, resetAccount, scanLines } from '../../src/extract/scan-lines.js';
import { structuredLine } from '../../src/extract/structured-record.js';
import { numbersFrom } from '../support/random-lines.js';

/** Lines of structured records with bytes changed, taken away, put in or moved; `S3LOG_FUZZ_LINES` in proportion. */
const LINES = Math.ceil(Number(process.env.S3LOG_FUZZ_LINES ?? 60_000) / 4);
const SEED = Number(process.env.S3LOG_FUZZ_SEED ?? 20_261_127);
const AT_ONCE = 64;
const MARK = '"schema_version_id"';

const below = numbersFrom(SEED);
const batch = new RecordBatch({ rows: 1 << 14, keyBytes: 1 << 22 });
const { input } = batch;
const line = new Line();
const account = emptyAccount();

const RECORD = {
  schema_version_id: 'V_1_0',
  bucket_name: 'b',
  request_time: '2026-11-01T10:00:00.123Z',
  bucket_owner_id: 'o',
  remote_ip: '203.0.113.9',
  requester: null,
  operation: 'REST.GET.OBJECT',
  key_name: 'ds1/a b.nwb',
  http_status: 200,
  bytes_sent_size: 1234,
};
const PIECES = [
  ...[
    'null',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"',
    '\\u0000',
    '\\',
    '1e99',
    '-1',
    '{}',
    '[]',
    '""',
    '\\ud800',
  ],
  ...['V_1_7', 'V_2_0', '206', '404', '2001:db8::1', 'REST.PUT.OBJECT', '\u00e9', '\ufeff', ' '],
  ...['"http_status":', '"key_name":', '"__proto__":', MARK, '9007199254740993', '\r', '\t'],
];

function randomLine(): string {
  const key = below(30) === 0 ? '' : `ds${below(3)}/${below(99)}`;
  const record = { ...RECORD, key_name: key, http_status: 200 + below(7) };
  const others = Array.from({ length: below(3) }, () => record);
  const all = [record, ...others];
  let text = JSON.stringify(below(3) === 0 ? all : record);
  if (below(5) === 0) text = `[${text},`;
  for (let left = below(4); left > 0; left--) {
    const at = below(text.length + 1);
    const piece = PIECES[below(PIECES.length)] as string;
    const rest = [at, at + 1, at + piece.length, Math.max(0, at - below(40))][below(4)] as number;
    text = text.slice(0, at) + piece + text.slice(rest);
  }
  return text.replaceAll('\n', '');
}

/** The records of a line, where nobody can doubt what they are. */
function plainRecords(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  } catch {
    return undefined;
  }
}

/** @returns kept, skipped and rejected records of a line that is JSON as a whole */
function expected(records: readonly unknown[]): [number, number, number] {
  const counts: [number, number, number] = [0, 0, 0];
  for (const record of records) {
    const made = structuredLine(record);
    const bytes = Buffer.from(typeof made === 'string' ? made : '', 'latin1');
    const reason = typeof made === 'number' ? made : parseLine(bytes, 0, bytes.length, line);
    counts[reason !== 0 ? 2 : line.kind === KIND.skipped ? 1 : 0]++;
  }
  return counts;
}

it(`${LINES} mutated lines of structured records are accounted for, and those that are JSON as they say`, () => {
  const reasons = new Set<number>();
  let compared = 0;
  for (let done = 0; done < LINES; done += AT_ONCE) {
    const texts = Array.from({ length: AT_ONCE }, randomLine);
    for (const text of texts) {
      batch.clear();
      resetAccount(account);
      const end = input.write(`${text}\n`, 0, 'utf8');
      expect(scanLines(batch, 0, end, true, 0, end, 'log', account)).toBe(end);
      const { lines, kept, skipped, rejected } = account;
      expect([kept + skipped + rejected, batch.rows, batch.rejects.rows], text).toEqual([
        lines,
        kept,
        rejected,
      ]);
      account.reasons.forEach((count, reason) => {
        if (count > 0) reasons.add(reason);
      });
      const records = text.includes(MARK) ? plainRecords(text) : undefined;
      if (records === undefined || !/^[\t ]*[[{]/.test(text)) continue;
      compared++;
      expect([kept, skipped, rejected], text).toEqual(expected(records));
    }
  }
  expect(compared).toBeGreaterThan(LINES / 10);
  for (const name of [
    'structured_not_json',
    'structured_unknown_version',
    'structured_invalid_field',
    'invalid_remote_ip',
    'invalid_key',
  ] as const) {
    expect(reasons, name).toContain(REASON[name]);
  }
}, 3_600_000);

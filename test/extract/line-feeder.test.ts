import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFeeder } from '../../src/extract/line-feeder.js';
import { NOTES, REASONS } from '../../src/extract/reasons.js';
import { CHUNK_BYTES, LONGEST_LINE, RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount, type FileAccount } from '../../src/extract/scan-lines.js';
import { hostileText, lineBytes, validLines, verdictOf } from './line-arbitraries.js';

/** All that reading leaves behind, in a form to compare. */
interface Outcome {
  lines: number;
  kept: number;
  skipped: number;
  rejected: number;
  records: string[];
  rejects: string[];
}

/** By definition: cut at line feeds, a last line without one counts when it is not empty. */
function byDefinition(bytes: Buffer): Outcome {
  const out: Outcome = { lines: 0, kept: 0, skipped: 0, rejected: 0, records: [], rejects: [] };
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, at);
    const end = feed < 0 ? bytes.length : feed;
    out.lines++;
    const verdict =
      end - at > LONGEST_LINE ? { reason: 'line_too_long' } : verdictOf(bytes.subarray(at, end));
    if ('reason' in verdict) {
      out.rejected++;
      out.rejects.push(`${at} ${verdict.reason}`);
    } else if (verdict.kind === 0) {
      out.skipped++;
    } else {
      out.kept++;
      const { key, seconds, address, bytesSent, kind } = verdict;
      out.records.push([key, seconds, address, bytesSent, kind].join(' '));
    }
    at = end + 1;
  }
  return out;
}

const batch = new RecordBatch({ rows: 1 << 20, keyBytes: 1 << 26 });
const feeder = new LineFeeder(batch);

function outcome(account: FileAccount): Outcome {
  const { lines, kept, skipped, rejected } = account;
  const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0);
  expect(sum(account.reasons)).toBe(rejected);
  expect(account.notes.length).toBe(NOTES.length);
  const words = batch.sealAddresses((from, count, out) => {
    out.set(from.subarray(0, count * 16));
  });
  const records = Array.from({ length: batch.rows }, (_, row) => {
    const id = batch.keyIds[row];
    const { bytes, offsets } = batch.keys;
    const key = Buffer.from(bytes.subarray(offsets[id], offsets[id + 1])).toString('latin1');
    const at = batch.requesterIds[row] * 16;
    const address = Buffer.from(words.subarray(at, at + 16));
    const text = [0, 4, 8, 12].map((word) => address.readUInt32BE(word)).join(':');
    const bytesSent = (BigInt(batch.bytesHigh[row]) << 32n) | BigInt(batch.bytesLow[row]);
    const requester = batch.requesterIds[row] === 0 ? '-' : text;
    return [key, batch.times[row], requester, bytesSent, batch.downloads[row] + 1].join(' ');
  });
  const rejects = Array.from(
    { length: batch.rejects.rows },
    (_, row) => `${batch.rejects.offsets[row]} ${REASONS[batch.rejects.reasons[row]]}`,
  );
  return { lines, kept, skipped, rejected, records, rejects };
}

/** Feed what lies from `from` on in pieces of these sizes, over and over, as far as wanted. */
function feed(bytes: Buffer, from: number, sizes: readonly number[]): void {
  let at = from;
  for (let i = 0; at < bytes.length && !feeder.isDone; i++) {
    const room = feeder.room();
    const count = Math.min(sizes[i % sizes.length], room.length, bytes.length - at);
    bytes.copy(room, 0, at, at + count);
    feeder.took(count);
    at += count;
  }
  if (!feeder.isDone) feeder.finish();
}

function inPieces(bytes: Buffer, sizes: readonly number[]): Outcome {
  batch.clear();
  const account = emptyAccount();
  feeder.begin('log', account);
  feed(bytes, 0, sizes);
  return outcome(account);
}

/** Parts as workers read them, all into one account. */
function inParts(bytes: Buffer, cuts: readonly number[], sizes: readonly number[]): Outcome {
  batch.clear();
  const account = emptyAccount();
  const starts = [0, ...new Set(cuts)].sort((a, b) => a - b);
  starts.forEach((start, i) => {
    const end = i + 1 < starts.length ? starts[i + 1] : Number.POSITIVE_INFINITY;
    feed(bytes, feeder.begin('log', account, start, end), sizes);
  });
  return outcome(account);
}

const contents = fc
  .tuple(
    fc.array(
      fc.oneof(
        validLines.map(lineBytes),
        validLines.map((parts) => Buffer.concat([lineBytes(parts), Buffer.from('\r')])),
        hostileText,
        fc.constantFrom('', '\r', '\0', '\u2028', ' ', '\r\r').map((text) => Buffer.from(text)),
      ),
      { maxLength: 12 },
    ),
    fc.boolean(),
  )
  .map(([lines, endsInFeed]) => {
    const feed = Buffer.from('\n');
    const all = Buffer.concat(lines.flatMap((line) => [line, feed]));
    return endsInFeed ? all : all.subarray(0, Math.max(0, all.length - 1));
  });

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3000 })),
  {
    minLength: 1,
    maxLength: 5,
  },
);

describe('a log file', () => {
  it('gives the same account, records and rejects in pieces of any size', () => {
    fc.assert(
      fc.property(contents, sizes, (bytes, pieces) => {
        expect(inPieces(bytes, pieces)).toEqual(byDefinition(bytes));
      }),
      { seed: 20_261_123, numRuns: 600 },
    );
  });

  it('gives the same in parts that begin and end at any byte', () => {
    const cuts = fc.array(fc.nat(4000), { maxLength: 6 });
    fc.assert(
      fc.property(contents, cuts, sizes, (bytes, places, pieces) => {
        const within = places.filter((place) => place > 0 && place < bytes.length);
        expect(inParts(bytes, within, pieces)).toEqual(byDefinition(bytes));
      }),
      { seed: 20_261_123, numRuns: 600 },
    );
  });

  it('gives the same when it is cut into parts at each of its bytes in turn', () => {
    const bytes = fc.sample(contents, { seed: 20_261_123, numRuns: 20 })[17];
    const expected = byDefinition(bytes);
    expect(expected.lines).toBeGreaterThan(3);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(inParts(bytes, [cut], [7000])).toEqual(expected);
    }
    const everywhere = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
    expect(inParts(bytes, everywhere, [7000])).toEqual(expected);
  });

  it('of no bytes has no line, and a lone line feed ends an empty one', () => {
    expect(inPieces(Buffer.alloc(0), [1]).lines).toBe(0);
    expect(inPieces(Buffer.from('\n'), [1])).toMatchObject({
      lines: 1,
      rejects: ['0 truncated_before_bucket_owner'],
    });
    expect(inPieces(Buffer.from('\n\n'), [1]).lines).toBe(2);
  });
});

describe('a long line', () => {
  const good = lineBytes(fc.sample(validLines, { seed: 3, numRuns: 1 })[0]);
  const feedByte = Buffer.from('\n');

  /** Lines of the longest length and around it, between lines that count. */
  function withLines(...lengths: number[]): Buffer {
    const parts = lengths.flatMap((length) => [
      Buffer.alloc(length, 0x20),
      feedByte,
      good,
      feedByte,
    ]);
    return Buffer.concat([good, feedByte, ...parts]);
  }

  const cases = {
    'as long as may be': withLines(LONGEST_LINE - 1, LONGEST_LINE),
    'one byte too long': withLines(LONGEST_LINE + 1, LONGEST_LINE + 2),
    'longer than a chunk': withLines(CHUNK_BYTES + LONGEST_LINE + 5),
    'longer than a chunk, then one just so': withLines(
      2 * CHUNK_BYTES,
      LONGEST_LINE,
      LONGEST_LINE + 1,
    ),
    'at the end without a line feed': withLines(LONGEST_LINE + 1).subarray(0, -good.length - 2),
    'just so at the end without a line feed': withLines(LONGEST_LINE).subarray(0, -good.length - 2),
    'alone, of zero bytes': Buffer.alloc(3 * CHUNK_BYTES + 17),
  };

  it.each(Object.entries(cases))('%s: pieces do not matter', (_, bytes) => {
    const expected = byDefinition(bytes);
    for (const size of [1 << 30, CHUNK_BYTES, LONGEST_LINE, LONGEST_LINE + 1, 131_071]) {
      expect(inPieces(bytes, [size])).toEqual(expected);
    }
  });

  it.each(Object.entries(cases))('%s: parts do not matter', (_, bytes) => {
    const expected = byDefinition(bytes);
    const middle = bytes.length >> 1;
    const places = [1, good.length, good.length + 1, good.length + 2, middle, bytes.length - 1];
    for (const cut of places) expect(inParts(bytes, [cut], [CHUNK_BYTES])).toEqual(expected);
    expect(inParts(bytes, places, [1 << 30])).toEqual(expected);
  });

  it('in which a part begins belongs to the part before', () => {
    const bytes = withLines(CHUNK_BYTES + LONGEST_LINE);
    const cuts = [CHUNK_BYTES, CHUNK_BYTES + 1, LONGEST_LINE + good.length, 3 * LONGEST_LINE];
    expect(inParts(bytes, cuts, [65_536])).toEqual(byDefinition(bytes));
  });
});

it('lines across every edge of the buffer are read whole', () => {
  const lines = fc.sample(validLines, { seed: 7, numRuns: 60 }).map(lineBytes);
  const all: Buffer[] = [];
  for (let total = 0, i = 0; total < 3 * CHUNK_BYTES; i++) {
    const line = lines[(i * 7) % lines.length];
    all.push(line, Buffer.from('\n'));
    total += line.length + 1;
  }
  const bytes = Buffer.concat(all);
  const expected = byDefinition(bytes);
  expect(expected.rejected).toBe(0);
  expect(inPieces(bytes, [1 << 30])).toEqual(expected);
  expect(inParts(bytes, [5_000_001, 9_999_999], [1 << 30, 300_001])).toEqual(expected);
});

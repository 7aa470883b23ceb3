import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExtractionMode } from '../../src/extract/extraction-mode.js';
import { FIELD, KIND, Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { NOTE, REASONS } from '../../src/extract/reasons.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { lineBytes, validLines } from './line-arbitraries.js';
import { anyLine, mutated, mutation, PIECES } from './line-mutations.js';

/** What the careful parser says is right; the core may leave any line to it, but not say otherwise. */
const COUNTED =
  NOTE.requester_with_spaces | NOTE.multiple_spaces_before_requester | NOTE.zone_not_utc;
const careful = new Line();
const LIMITS = { rows: 1 << 16, keyBytes: 1 << 24 };
let batch = new RecordBatch(LIMITS);
let { input } = batch;
/** In `buckets` mode: what takes each record as the careful parser finds it. */
let other: RecordBatch | undefined;

function beginMode(mode: ExtractionMode): void {
  batch = new RecordBatch(LIMITS, { mode });
  input = batch.input;
  other =
    mode === 'buckets' ? new RecordBatch({ rows: 1, keyBytes: 1 << 20 }, { mode }) : undefined;
}

/** Lines that the core has taken, and those it has left. */
const tally = { kept: 0, skipped: 0, odd: 0 };

function keyOf({ keys, keyIds }: RecordBatch, row: number): string {
  const { bytes, offsets } = keys;
  const id = keyIds[row];
  return Buffer.from(bytes.subarray(offsets[id], offsets[id + 1])).toString('latin1');
}

function recordOf(row: number, sealed: Uint8Array): string {
  const key = keyOf(batch, row);
  const at = batch.requesterIds[row] * 16;
  const address =
    batch.requesterIds[row] === 0 ? '-' : Buffer.from(sealed.subarray(at, at + 16)).toString('hex');
  const { times, bytesHigh, bytesLow, downloads } = batch;
  return [key, times[row], address, bytesHigh[row], bytesLow[row], downloads[row]].join(' ');
}

function carefulKey(): string {
  const { bounds } = careful;
  const text = (field: number) =>
    input.toString('latin1', bounds[2 * field], bounds[2 * field + 1]);
  const key = text(FIELD.key);
  if (other === undefined) return key;
  const bucket = text(FIELD.bucket);
  return `${/^(?!.*["%/])[!-~]+$/.test(bucket) ? bucket : '-'}/${key}`;
}

/** As lines that the core leaves are taken; its own input, since what stands before a key changes. */
function requireTakenAlike(line: Buffer, key: string): void {
  if (other === undefined) return;
  other.clear();
  const end = 1 + line.copy(other.input, 1);
  other.input[end] = 0x0a;
  parseLine(other.input, 1, end, careful);
  requireSame(line, [other.addRecord(careful), keyOf(other, 0)], ['kept', key]);
}

function carefulRecord(): string {
  const key = carefulKey();
  const words = Array.from(careful.addressWords, (word) => word.toString(16).padStart(8, '0'));
  const address = careful.hasAddress ? words.join('') : '-';
  const { timeSeconds, bytesSentHigh, bytesSentLow, kind } = careful;
  const download = kind === KIND.download ? 1 : 0;
  return [key, timeSeconds, address, bytesSentHigh, bytesSentLow, download].join(' ');
}

/** Cheap where they are: this is asked some hundred thousand times. */
function requireSame(line: Buffer, found: unknown[], wanted: unknown[]): void {
  if (found.join() === wanted.join()) return;
  expect([line.toString('latin1'), ...found]).toEqual([line.toString('latin1'), ...wanted]);
}

/** Put lines into the input from `at` on, scan them, and compare line by line. */
function compare(lines: readonly Buffer[], at = 1): void {
  batch.clear();
  let end = at;
  for (const line of lines) {
    end += line.copy(input, end);
    input[end++] = 0x0a;
  }
  const expected: string[] = [];
  let position = at;
  for (const [index, line] of lines.entries()) {
    const reason = parseLine(input, position, position + line.length, careful);
    const accepted = reason === 0 && (careful.notes & ~COUNTED) === 0;
    const kind = careful.kind;
    const { notes } = careful;
    const noted = [
      NOTE.requester_with_spaces,
      NOTE.multiple_spaces_before_requester,
      NOTE.zone_not_utc,
    ].map((note) => ((notes & note) === 0 ? 0 : 1));
    const record = accepted && kind !== KIND.skipped ? carefulRecord() : '';
    if (reason === 0 && kind !== KIND.skipped) requireTakenAlike(line, carefulKey());
    const next = position + line.length + 1;
    // The last line: once as one that its line feed ends, once as one that the file ends.
    const isLast = index % 2 === 0;
    const stop = isLast ? next - 1 : next;
    const saved = input[stop];
    const found = batch.scan(position, stop, stop, isLast);
    const { at: taken, isOdd, kept, skipped } = found;
    input[stop] = saved;
    if (line.length === 0 && isLast) {
      // Nothing stands there at all.
      requireSame(line, [kept, skipped, Number(isOdd)], [0, 0, 0]);
    } else if (isOdd) {
      tally.odd++;
      requireSame(line, [taken, kept, skipped], [position, 0, 0]);
    } else {
      requireSame(line, [REASONS[reason], Number(accepted), taken], ['accepted', 1, next]);
      const isKept = kind !== KIND.skipped;
      const counts = [kept, skipped, found.withSpaces, found.withSpacesBefore, found.inOtherZones];
      requireSame(line, counts, [isKept ? 1 : 0, isKept ? 0 : 1, ...noted]);
      if (isKept) expected.push(record);
      tally[isKept ? 'kept' : 'skipped']++;
    }
    position = next;
  }
  const sealed = batch.sealAddresses((from, count, out) => out.set(from.subarray(0, count * 16)));
  const records = Array.from({ length: batch.rows }, (_, row) => recordOf(row, sealed));
  if (records.join('\n') !== expected.join('\n')) expect(records).toEqual(expected);
}

const EXAMPLES = [
  'o b [06/Feb/2019:00:00:38 -0130] ::ffff:192.0.2.3   r 3E57427F3EXAMPLE REST.GET.OBJECT a%252Bb+c/d%25C3%25A9 "GET /a%2Bb%20c/d%C3%A9?y HTTP/1.0" 206 - 12345678901 - - - - "x y"',
  '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be 3E57427F3EXAMPLE REST.GET.OBJECT a/b%2520c.nwb "GET /a/b%2520c.nwb?x=1 HTTP/1.1" 200 - 113 2662992 70 10 "https://example.org/x" "S3Console/0.4 (x y)" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket.s3.us-west-1.amazonaws.com TLSv1.2 - -',
  'o b [29/Feb/2024:23:59:59 +0000] 2001:db8::ff00:42:8329 arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID 891CE47D2EXAMPLE REST.GET.OBJECT k "GET /b/k HTTP/2" 206 - 9007199254740993 - - 7 - "-" -',
  'o b [01/Mar/1970:00:00:00 +0000] - - A REST.HEAD.OBJECT - - 404 NoSuchKey - 1 2 3 "-" - x',
  'o b [31/Dec/9999:10:20:30 +0000] 255.255.255.255 svc:x.y ID S3.EXPIRE.OBJECT key/1 "-" - - - 12345678 - - "-" "-" y z',
].map((text) => Buffer.from(text));

const CORPUS = process.env.S3LOG_CORPUS;

function linesOf(path: string): Buffer[] {
  const lines = readFileSync(path).toString('latin1').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'latin1'));
}

const BUCKETS = [
  'b',
  '-',
  '--',
  'a/b',
  'a"b',
  'a%2Fb',
  'a:b',
  'Ü',
  'x'.repeat(16),
  'x'.repeat(300),
];
const MODES = ['generic', 'buckets'] as const;

describe.each(MODES)(
  'in %s mode the core decides as the careful parser does, or leaves the line to it:',
  (mode) => {
    beforeAll(() => beginMode(mode));

    it('lines with any byte changed to any other', () => {
      Object.assign(tally, { kept: 0, skipped: 0, odd: 0 });
      for (const example of EXAMPLES) {
        // Most of the tail is not judged: its end will do.
        const places = [...example.keys()].filter((at) => at < 300 || at > example.length - 24);
        for (const place of places) {
          const saved = example[place];
          const variants = Array.from({ length: 256 }, (_, byte) => {
            const line = Buffer.from(example);
            line[place] = byte;
            return line;
          });
          compare(
            variants.filter((line) => line[place] !== 0x0a),
            1 + (place % 17),
          );
          example[place] = saved;
        }
      }
      expect(Math.min(tally.kept, tally.skipped, tally.odd)).toBeGreaterThan(5_000);
    });

    it('lines that end at any place, lack any byte, or have any of some bytes more', () => {
      for (const example of EXAMPLES) {
        const variants: Buffer[] = [];
        for (let place = 0; place <= example.length; place++) {
          const [before, after] = [example.subarray(0, place), example.subarray(place)];
          variants.push(before, Buffer.concat([before, after.subarray(1)]));
          for (const more of [' ', '"', '-', '0', '%', '\r', '[', '/', '.', ':', '\0', '" "']) {
            variants.push(Buffer.concat([before, Buffer.from(more), after]));
          }
        }
        for (let i = 0; i < variants.length; i += 500) compare(variants.slice(i, i + 500), i % 16);
      }
    });

    it('lines of every form', () => {
      fc.assert(
        fc.property(fc.array(anyLine, { maxLength: 8 }), fc.nat(20), (lines, at) =>
          compare(lines.map(lineBytes), at),
        ),
        { seed: 20_261_124, numRuns: 1_500 },
      );
    });

    it('lines that are wrong in one to three places', () => {
      const lines = fc.array(
        fc.tuple(fc.oneof(validLines, anyLine), fc.array(mutation, { minLength: 1, maxLength: 3 })),
        { maxLength: 8 },
      );
      fc.assert(
        fc.property(lines, fc.nat(20), (list, at) => {
          compare(
            list.map(([parts, mutations]) => mutated(parts, mutations)),
            at,
          );
        }),
        { seed: 20_261_124, numRuns: 4_000 },
      );
    });

    it('changed examples, which stay near to what it takes', () => {
      const example = fc.constantFrom(...EXAMPLES);
      const change = fc.tuple(example, fc.nat(), fc.nat(5), fc.constantFrom('', ...PIECES));
      fc.assert(
        fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
          compare(
            changes.map(([line, place, remove, insert]) => {
              const at = place % (line.length + 1);
              const rest = line.subarray(at + remove);
              return Buffer.concat([line.subarray(0, at), Buffer.from(insert, 'latin1'), rest]);
            }),
          );
        }),
        { seed: 20_261_124, numRuns: 4_000 },
      );
    });

    it('fixtures, and the public corpus where it is there', () => {
      const folder = 'test/fixtures/lines';
      const files = readdirSync(folder).filter((name) => name.endsWith('.log'));
      expect(files.length).toBeGreaterThan(10);
      for (const name of files) compare(linesOf(join(folder, name)));
      if (CORPUS !== undefined) compare(linesOf(join(CORPUS, 'lines.log')));
    });
  },
);

describe('the core in buckets mode', () => {
  beforeAll(() => beginMode('buckets'));

  it('puts the bucket before the key, and a dash for what is none', () => {
    Object.assign(tally, { kept: 0, skipped: 0, odd: 0 });
    const endings = ['', 'x', '/', '"', '%', '/'.repeat(20), '\u007f', '\u00ff'];
    const places = BUCKETS.flatMap((bucket) => endings.map((end) => bucket + end));
    // Behind as many bytes as may be, and as few.
    const lines = places.flatMap((bucket) =>
      ['o', 'o'.repeat(64)].map((owner) =>
        Buffer.from(
          `${owner} ${bucket} [06/Feb/2019:00:00:38 +0000] - - ID REST.GET.OBJECT ${bucket}/k "GET /${bucket}/k HTTP/1.1" 200 - 7 7 1 1 "-" "-" -`,
          'latin1',
        ),
      ),
    );
    for (let at = 0; at < 17; at++) compare(lines, at);
    expect(tally.kept).toBeGreaterThan(800);
    const [first] = lines as [Buffer];
    compare(Array.from({ length: 600 }, () => first));
    expect([batch.rows, batch.keys.count, keyOf(batch, 599)]).toEqual([600, 1, 'b/b/k']);
  });
});

describe('the core', () => {
  beforeAll(() => beginMode('generic'));

  it('takes nearly all lines of ordinary logs', () => {
    Object.assign(tally, { kept: 0, skipped: 0, odd: 0 });
    const folder = 'test/fixtures/example-logs';
    for (const name of readdirSync(folder, { recursive: true }) as string[]) {
      const path = join(folder, name);
      if (statSync(path).isFile()) compare(linesOf(path));
    }
    const lines = tally.kept + tally.skipped + tally.odd;
    expect(lines).toBeGreaterThan(100);
    expect(tally.odd / lines).toBeLessThan(0.2);
  });

  it('takes each of the examples', () => {
    Object.assign(tally, { kept: 0, skipped: 0, odd: 0 });
    compare(EXAMPLES.filter((_, i) => i !== 2));
    expect(tally).toEqual({ kept: 2, skipped: 2, odd: 0 });
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BulkSealer } from '../../cache/seal-many.js';
import { LineRows } from '../../src/database/line-rows.js';
import { RowEncoder } from '../../src/database/row-encoder.js';
import { Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { fixtureLines } from '../support/fixture-lines.js';
import { logText } from '../support/truth.js';

const INPUT_BYTES = 1 << 16;

/** Seals that differ for each address and are no address: what matters here is where they go. */
const sealer: BulkSealer = {
  sealInto(addresses, count, seals) {
    for (let i = 0; i < 16 * count; i++) seals[i] = (addresses[i] ?? 0) ^ 0xa5;
  },
};

const usual = new RowEncoder(sealer, INPUT_BYTES);
const careful = new RowEncoder(sealer, INPUT_BYTES);
const found = new Line();
const OFFSET = 0x20_0000_0000;

/** What stands around a line must not matter. */
function place(encoder: RowEncoder, line: Buffer): number {
  encoder.input.fill(0x22, 0, line.length + 128);
  encoder.input.set(line, 64);
  encoder.reset();
  encoder.begin(0x1_2345_6789_abcdn);
  return 64 + line.length;
}

/** @returns the bytes of the row; undefined when the line is refused */
function carefulRow(line: Buffer): Buffer | undefined {
  const end = place(careful, line);
  if (parseLine(careful.input, 64, end, found) !== 0) return undefined;
  careful.add(64, end, found, OFFSET + 64);
  careful.closePiece();
  return careful.pieces[0]?.bytes;
}

/** @returns undefined when the core does not take the line */
function usualRow(line: Buffer): Buffer | undefined {
  const end = place(usual, line);
  const sums = { rows: 0, firstTime: Infinity, lastTime: -Infinity };
  const at = usual.addUsual(64, end, true, OFFSET, sums);
  usual.closePiece();
  if (at !== end) {
    expect({ at, sums, pieces: usual.pieces.length }).toEqual({
      at: 64,
      sums: { rows: 0, firstTime: Infinity, lastTime: -Infinity },
      pieces: 0,
    });
    return undefined;
  }
  expect(sums.rows).toBe(1);
  expect(sums.firstTime).toBe(sums.lastTime);
  return usual.pieces[0]?.bytes;
}

let taken = 0;

/** What the core takes is a line, and its row is the careful one. */
function expectSameRow(line: Buffer): void {
  const row = usualRow(line);
  if (row === undefined) return;
  taken++;
  const wanted = carefulRow(line);
  if (wanted?.equals(row)) return;
  expect(row.toString('latin1'), line.toString('latin1')).toBe(wanted?.toString('latin1'));
}

function lineWith(fields: {
  readonly ip?: string;
  readonly requester?: string;
  readonly operation?: string;
  readonly key?: string;
  readonly uri?: string;
  readonly status?: string;
  readonly numbers?: string;
  readonly referer?: string;
  readonly agent?: string;
  readonly tail?: string;
}): Buffer {
  const {
    ip = '203.0.113.77',
    requester = '-',
    operation = 'REST.GET.OBJECT',
    key = 'ds1/a.nwb',
    uri = '/ds1/a.nwb',
    status = '200',
    numbers = '12 345 6 7',
    referer = '"-"',
    agent = '"aws-cli/2.13.1"',
    tail = ' - abc= SigV4 ECDHE AuthHeader b.s3.amazonaws.com TLSv1.2 - -',
  } = fields;
  return Buffer.from(
    `0123456789abcdef bucket [01/Mar/2024:10:11:12 +0000] ${ip} ${requester} ABCDEF0123456789 ${operation} ${key} "GET ${uri} HTTP/1.1" ${status} - ${numbers} ${referer} ${agent}${tail}`,
    'latin1',
  );
}

it('rows of the core are those of the careful encoder, of every line of the fixtures and its longest prefixes', () => {
  for (const line of fixtureLines()) {
    for (let end = line.length; end > 0 && end > line.length - 80; end--) {
      expectSameRow(line.subarray(0, end));
    }
  }
  expect(taken).toBeGreaterThan(100);
});

/** What is nearly an address, or makes a line unusual. */
const odd = fc.constantFrom(
  ...[
    '.',
    ':',
    '::',
    '%3A',
    '%2e',
    '%253A',
    '%252525',
    '%',
    '/',
    '04',
    '256',
    '255',
    '203.0.113.77',
    '198.51.100.7',
  ],
  ...['2001:db8::1', 'é', '\0', '\\', '1.2.3.', 'Chrome/1.2.3.', 'arn:aws:sts::', 'f:', 'g::'],
);
const usualPiece = fc.constantFrom(
  ...['1', '23', 'a', 'f', 'g', '-', '=', '?', ';', '%20', 'Chrome/120.0.0.0', 'x.y.z', 'a:b'],
  ...['arn:aws:iam::111122223333:user/', 'x'.repeat(15), '0'.repeat(17), '/', '.'],
);
const piece = fc.oneof({ weight: 12, arbitrary: usualPiece }, { weight: 1, arbitrary: odd });
const word = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
const gap = fc.oneof(
  { weight: 12, arbitrary: fc.constant(' ') },
  { weight: 1, arbitrary: fc.constantFrom('"', '" ', '" "', '\r', '[', '') },
);
const text = fc.array(fc.tuple(word, gap), { maxLength: 4 }).map((parts) => parts.flat().join(''));
const mostly = (usual: string, other: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const large = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
const count = fc
  .oneof({ weight: 9, arbitrary: fc.nat(999_999) }, { weight: 1, arbitrary: large })
  .map(String);
const countOrDash = mostly('-', count);

it('rows of the core are those of the careful encoder, whatever clients write', () => {
  taken = 0;
  fc.assert(
    fc.property(
      fc.record({
        ip: fc.constantFrom('-', '203.0.113.77', '2001:db8::1', '::ffff:198.51.100.7'),
        requester: mostly('-', word),
        operation: fc.constantFrom('REST.GET.OBJECT', 'REST.PUT.PART', 'S3.EXPIRE.OBJECT', '-'),
        uri: word.map((query) => `/ds1/a.nwb?${query}`),
        status: fc.constantFrom('200', '206', '404', '-'),
        numbers: fc.array(countOrDash, { minLength: 4, maxLength: 4 }).map((all) => all.join(' ')),
        referer: mostly(
          '-',
          text.map((all) => `"${all}"`),
        ),
        agent: mostly(
          '-',
          text.map((all) => `"${all}"`),
        ),
        tail: fc
          .array(fc.oneof(word, fc.constantFrom('-', '', ' ')), { maxLength: 14 })
          .map((all) => all.map((each) => ` ${each}`).join('')),
      }),
      (fields) => expectSameRow(lineWith(fields)),
    ),
    { numRuns: 30_000 },
  );
  expect(taken).toBeGreaterThan(2_000);
});

it.each([
  ['a usual line', {}],
  ['an account in the requester', { requester: 'arn:aws:sts::111122223333:assumed-role/a/i-0' }],
  ['a browser', { agent: '"Mozilla/5.0 (X11) Chrome/120.0.0.0 Safari/537.36"' }],
  ['a query', { uri: '/ds1/a.nwb?X-Amz-Date=20240101T000000Z&x-id=GetObject' }],
  ['no address', { ip: '-' }],
  ['version 6', { ip: '2001:db8::1' }],
])('the core takes %s', (_, fields) => {
  expect(usualRow(lineWith(fields))).toEqual(carefulRow(lineWith(fields)));
});

it.each([
  ['the own address in the agent', { agent: '"x/203.0.113.77"' }],
  ['an address in the query', { uri: '/ds1/a.nwb?a=198.51.100.7' }],
  ['an escaped address in the query', { uri: '/ds1/a.nwb?a=1%2E2%2E3%2E4' }],
  ['an address in the referer', { referer: '"http://[2001:db8::1]/"' }],
  ['an address behind colons that are part of a word', { referer: '"g::198.51.100.7"' }],
  ['an address behind a name', { referer: '"ip:2001:db8::1"' }],
  ['an address escaped twice', { uri: '/ds1/a.nwb?a=%253A%253A1' }],
  ['an address with leading zeros', { agent: '"x/203.000.113.077"' }],
  ['an address behind an escape', { referer: '"a%20::1"' }],
  ['an address as host', { tail: ' - x SigV4 ECDHE AuthHeader 198.51.100.7 TLSv1.2' }],
  ['an address behind all known fields', { tail: ` ${'- '.repeat(10)}::1` }],
  ['a byte that is no ASCII', { agent: '"\xe9"' }],
  ['a quote within the agent', { agent: '"a" b"' }],
])('the core leaves %s to the careful encoder', (_, fields) => {
  expect(usualRow(lineWith(fields))).toBeUndefined();
  expect(carefulRow(lineWith(fields))).toBeDefined();
});

it('many rows come in pieces that hold them all, addresses sealed each at its place', () => {
  const lines = Buffer.from(
    logText(
      Array.from({ length: 5_000 }, (_, i) => ({
        key: `ds1/${i}`,
        // Three days, forth and back.
        time: 1_700_000_000 + i + (i % 3) * 86_400,
        client: i,
        ip: i % 3 === 0 ? '-' : `192.0.2.${i % 256}`,
        bytes: BigInt(i),
      })),
    ),
  );
  const read = new LineRows(sealer);
  const sums = { rows: 0, rejects: 0, firstTime: Infinity, lastTime: -Infinity };
  read.begin(7n, sums);
  for (let at = 0; at < lines.length; ) {
    const count = Math.min(100_000, lines.length - at);
    read.room().set(lines.subarray(at, at + count));
    read.took(count);
    at += count;
  }
  read.finish();
  read.encoder.closePiece();
  careful.reset();
  careful.begin(7n);
  let offset = 0;
  for (const text of lines.toString('latin1').split('\n')) {
    const { length } = text;
    if (length > 0) {
      careful.input.write(text, 0, 'latin1');
      expect(parseLine(careful.input, 0, length, found)).toBe(0);
      careful.add(0, length, found, offset);
    }
    offset += length + 1;
  }
  careful.closePiece();
  const [rows, wanted] = [read.encoder, careful].map(({ pieces }) =>
    Buffer.concat(pieces.map(({ bytes }) => bytes)),
  );
  expect(sums).toEqual({
    rows: 5_000,
    rejects: 0,
    firstTime: 1_700_000_000,
    lastTime: 1_700_000_000 + 4_997 + 2 * 86_400,
  });
  expect(rows?.length).toBeGreaterThan(1 << 20);
  expect(rows?.equals(wanted as Buffer)).toBe(true);
  expect([...read.encoder.months]).toEqual([...careful.months]);
});

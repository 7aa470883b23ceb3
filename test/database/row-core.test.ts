import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BulkSealer } from '../../cache/seal-many.js';
import { OddBytes } from '../../src/database/odd-bytes.js';
import { RowEncoder } from '../../src/database/row-encoder.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { root } from '../architecture/source-files.js';
import { logText } from '../support/truth.js';

const INPUT_BYTES = 1 << 16;

/** Seals that differ for each address and are no address: what matters here is where they go. */
const sealer: BulkSealer = {
  sealInto(addresses, count, seals) {
    for (let i = 0; i < 16 * count; i++) seals[i] = (addresses[i] ?? 0) ^ 0xa5;
  },
};

const usual = new RowEncoder(sealer, INPUT_BYTES);
const careful = new RowEncoder(sealer, INPUT_BYTES, true);

/** @returns the bytes of the row; undefined when the line is refused */
function rowBy(encoder: RowEncoder, line: Buffer): Buffer | undefined {
  const { input } = encoder;
  // What stands around a line must not matter.
  input.fill(0x22, 0, line.length + 128);
  input.set(line, 64);
  const end = 64 + line.length;
  if (parseLine(input, 64, end, encoder.line) !== 0) return undefined;
  encoder.reset();
  encoder.begin(0x1_2345_6789_abcdn);
  encoder.add(64, end, 0x20_0000_0000 + 5, new OddBytes(input, end).isPlain(64, end));
  encoder.closePiece();
  return encoder.pieces[0]?.bytes;
}

let accepted = 0;

function expectSameRow(line: Buffer): void {
  const wanted = rowBy(careful, line);
  const found = rowBy(usual, line);
  if (wanted !== undefined) accepted++;
  if (wanted === undefined || found === undefined || !wanted.equals(found)) {
    expect(found?.toString('latin1'), line.toString('latin1')).toBe(wanted?.toString('latin1'));
  }
}

/** Lines that the core has not left to the careful encoder. */
function takenByCore(line: Buffer): boolean {
  let isTaken = true;
  const watched = usual as unknown as { addCarefully: (...args: number[]) => void };
  watched.addCarefully = (...args) => {
    isTaken = false;
    Object.getPrototypeOf(usual).addCarefully.apply(usual, args);
  };
  rowBy(usual, line);
  Reflect.deleteProperty(watched, 'addCarefully');
  return isTaken;
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

it('rows of the core are those of the careful encoder, of every line of the fixtures and all its prefixes', () => {
  const folder = join(root, 'test/fixtures/lines');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) {
    for (const text of readFileSync(join(folder, name), 'latin1').split('\n')) {
      const line = Buffer.from(text, 'latin1');
      for (let end = line.length; end > 0 && end > line.length - 80; end--) {
        expectSameRow(line.subarray(0, end));
      }
    }
  }
  expect(accepted).toBeGreaterThan(100);
});

const piece = fc.constantFrom(
  ...['1', '23', '255', '256', '04', '.', ':', '::', '%3A', '%2e', '%2E', '%20', '%', 'a', 'f'],
  ...['g', '/', 'Chrome/', '203.0.113.77', '198.51.100.7', '2001:db8::1', '-', '=', '?', ';', '\\'],
  ...[
    'arn:aws:iam::111122223333:user/',
    'arn:aws:sts::',
    'é',
    '\0',
    'x'.repeat(15),
    '0'.repeat(17),
  ],
);
const word = fc.array(piece, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
const text = fc.array(fc.oneof(word, fc.constantFrom(' ', '"', '" ', '" "', '\r')), {
  maxLength: 8,
});
const count = fc.oneof(fc.constant('-'), fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String));

it('rows of the core are those of the careful encoder, whatever clients write', () => {
  accepted = 0;
  fc.assert(
    fc.property(
      fc.record({
        ip: fc.constantFrom('-', '203.0.113.77', '2001:db8::1', '::ffff:198.51.100.7'),
        requester: fc.oneof(fc.constant('-'), word),
        operation: fc.constantFrom('REST.GET.OBJECT', 'REST.PUT.PART', 'S3.EXPIRE.OBJECT', '-'),
        uri: word.map((query) => `/ds1/a.nwb?${query}`),
        status: fc.constantFrom('200', '206', '404', '-'),
        numbers: fc.array(count, { minLength: 4, maxLength: 4 }).map((all) => all.join(' ')),
        referer: fc.oneof(
          fc.constant('-'),
          text.map((parts) => `"${parts.join('')}"`),
        ),
        agent: fc.oneof(
          fc.constant('-'),
          text.map((parts) => `"${parts.join('')}"`),
        ),
        tail: fc
          .array(fc.oneof(word, fc.constantFrom('-', '', ' ')), { maxLength: 14 })
          .map((all) => all.map((each) => ` ${each}`).join('')),
      }),
      (fields) => expectSameRow(lineWith(fields)),
    ),
    { numRuns: 30_000 },
  );
  expect(accepted).toBeGreaterThan(5_000);
});

it.each([
  ['a usual line', {}],
  ['an account in the requester', { requester: 'arn:aws:sts::111122223333:assumed-role/a/i-0' }],
  ['a browser', { agent: '"Mozilla/5.0 (X11) Chrome/120.0.0.0 Safari/537.36"' }],
  ['a query', { uri: '/ds1/a.nwb?X-Amz-Date=20240101T000000Z&x-id=GetObject' }],
  ['no address', { ip: '-' }],
  ['version 6', { ip: '2001:db8::1' }],
])('the core takes %s', (_, fields) => {
  expect(takenByCore(lineWith(fields))).toBe(true);
});

it.each([
  ['the own address in the agent', { agent: '"x/203.0.113.77"' }],
  ['an address in the query', { uri: '/ds1/a.nwb?a=198.51.100.7' }],
  ['an escaped address in the query', { uri: '/ds1/a.nwb?a=1%2E2%2E3%2E4' }],
  ['an address in the referer', { referer: '"http://[2001:db8::1]/"' }],
  ['an address as host', { tail: ' - x SigV4 ECDHE AuthHeader 198.51.100.7 TLSv1.2' }],
  ['an address behind all known fields', { tail: ` ${'- '.repeat(10)}::1` }],
  ['a byte that is no ASCII', { agent: '"\xe9"' }],
  ['a quote within the agent', { agent: '"a" b"' }],
])('the core leaves %s to the careful encoder', (_, fields) => {
  expect(takenByCore(lineWith(fields))).toBe(false);
});

it('many rows come in pieces that hold them all, addresses sealed each at its place', () => {
  const lines = Buffer.from(
    logText(
      Array.from({ length: 5_000 }, (_, i) => ({
        key: `ds1/${i}`,
        time: 1_700_000_000 + i,
        client: i,
        ip: i % 3 === 0 ? '-' : `192.0.2.${i % 256}`,
        bytes: BigInt(i),
      })),
    ),
  );
  const both = [usual, careful].map((encoder) => {
    encoder.reset();
    encoder.begin(7n);
    let offset = 0;
    for (const text of lines.toString('latin1').split('\n')) {
      const { length } = text;
      if (length > 0) {
        encoder.input.write(text, 0, 'latin1');
        expect(parseLine(encoder.input, 0, length, encoder.line)).toBe(0);
        encoder.add(0, length, offset, true);
      }
      offset += length + 1;
    }
    encoder.closePiece();
    return Buffer.concat(encoder.pieces.splice(0).map(({ bytes }) => bytes));
  });
  expect(both[0]?.length).toBeGreaterThan(1 << 20);
  expect(both[0]?.equals(both[1] as Buffer)).toBe(true);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findTailFields, TailFields } from '../../src/database/find-tail-fields.js';
import { AddressSealing, mayHoldAddress } from '../../src/database/seal-addresses.js';
import { describeTail } from '../../src/extract/describe-tail.js';
import { FIELD, Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { fixtureLines } from '../support/fixture-lines.js';

const HEAD =
  'owner bucket [01/Mar/2024:00:00:00 +0000] 192.0.2.1 - ABCDEF0123456789 REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 ';
const line = new Line();
const tail = new TailFields();

/** @returns whether the line was accepted */
function expectSameTail(bytes: Buffer): boolean {
  if (parseLine(bytes, 0, bytes.length, line) !== 0) return false;
  findTailFields(bytes, 0, bytes.length, line, tail);
  const agentEnd = line.bounds[2 * FIELD.userAgent + 1];
  const words = Array.from({ length: tail.count }, (_, i) =>
    bytes.toString('latin1', tail.bounds[2 * i], tail.bounds[2 * i + 1]),
  );
  const more = bytes.toString('latin1', tail.moreStart, tail.moreEnd);
  parseLine(bytes, 0, bytes.length, line);
  const wanted = describeTail(bytes, line);
  expect(agentEnd).toBe(line.bounds[2 * FIELD.userAgent + 1]);
  expect(words).toEqual(wanted.slice(0, 10));
  expect(more).toBe(wanted.slice(10).join(' '));
  return true;
}

it('the fields behind the user agent are those that people are shown', () => {
  for (const bytes of fixtureLines()) expectSameTail(bytes);
  const words = [
    '-',
    '"',
    '" ',
    ' ',
    'SigV4',
    'Yes',
    'TLSv1.2',
    'arn:x',
    'a.b:80',
    'AuthHeader',
    'v',
    '=',
    'us-east-1',
    '\r',
    'é',
    'QueryString',
  ];
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words, ' ', '" ', '"'), { maxLength: 30 }), (parts) => {
      if (expectSameTail(Buffer.from(`${HEAD}"-" "${parts.join('')}`, 'latin1'))) accepted++;
    }),
    { numRuns: 20_000 },
  );
  expect(accepted).toBeGreaterThan(5_000);
});

it('a mebibyte of quotes takes no time that grows with its square', () => {
  const bytes = Buffer.from(`${HEAD}"-" "${'" '.repeat(500_000)}"`);
  const startedAt = performance.now();
  expect(parseLine(bytes, 0, bytes.length, line)).toBe(0);
  findTailFields(bytes, 0, bytes.length, line, tail);
  // The square would take hours.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

const sealing = new AddressSealing((bytes, count) => {
  for (let i = 0; i < 16 * count; i++) bytes[i] ^= 0xff;
});
const OWN = Uint32Array.of(0, 0, 0xffff, 0xcb00714d);

function sealed(text: string, isAgent = false): string {
  const bytes = Buffer.from(text);
  const out = sealing.sealed(bytes, 0, bytes.length, OWN, isAgent);
  if (!mayHoldAddress(bytes, 0, bytes.length, isAgent, OWN)) expect(out).toBeUndefined();
  return (out ?? bytes).toString().replace(/ip:[0-9a-f]{32}/g, '#');
}

it.each([
  ['198.51.100.7', '#'],
  ['http://198.51.100.7:8080/x', 'http://#:8080/x'],
  ['http://[2001:db8::1]:80/', 'http://[#]:80/'],
  ['for=198.51.100.7, for="[2001:DB8::1]"', 'for=#, for="[#]"'],
  ['?a=1%2E2%2E3%2E4&b=%3A%3A1&c=2001%3Adb8%3a%3A1', '?a=#&b=#&c=#'],
  ['%20::1%20fe80::1%25eth0', '%20#%20#%25eth0'],
  ['x198.51.100.7y', 'x#y'],
  ['198.51.100.7.', '#.'],
  ['::ffff:198.51.100.7', '#'],
  ['1.2.3', '1.2.3'],
  ['1.2.3.4.5', '1.2.3.4.5'],
  ['1.2.3.400', '1.2.3.400'],
  ['12:34:56', '12:34:56'],
  ['std::vector', 'std::vector'],
  ['aws-cli/2.13.1 Python/3.11.4', 'aws-cli/2.13.1 Python/3.11.4'],
  ['2024-01-01T12:34:56', '2024-01-01T12:34:56'],
  ['ip:2001:db8::1', 'ip:#'],
  ['client:2001:db8::1,', 'client:#,'],
  ['x2001:db8::1', 'x2001:#'],
  ['1.2.3.4:2001:db8::1', '#:#'],
  ['2001:db8:1:2:3:4:5:6:443', '#:443'],
  ['Net::Ace::Bed', 'Net::Ace::Bed'],
  ['app.198.51.100.7.nip.io', 'app.#.nip.io'],
  ['198.051.100.007', '#'],
  ['::ffff:198.51.100.007', '::ffff:#'],
  ['203.0.113.77.443 1.203.0.113.77', '#.443 1.#'],
  ['198%252E51%25252e100.7', '#'],
  ['%2526ip%253D2001%253Adb8%253A%253A1', '%2526ip%253D#'],
  ['%25252525', '%25252525'],
])('addresses in texts are sealed: %s', (text, wanted) => {
  expect(sealed(text)).toBe(wanted);
});

it('versions in user agents are left alone, unless they are the own address', () => {
  expect(sealed('Chrome/120.0.0.0 Edg/1.2.3.4', true)).toBe('Chrome/120.0.0.0 Edg/1.2.3.4');
  expect(sealed('Chrome/120.0.0.0')).toBe('Chrome/#');
  expect(sealed('x/203.0.113.77 y', true)).toBe('x/# y');
  expect(sealed('http://198.51.100.7/', true)).toBe('http://#/');
  expect(sealed('a/1.2.3.4 b 198.51.100.7', true)).toBe('a/1.2.3.4 b #');
  expect(sealed('a/203.000.113.077 b/5.203.0.113.77', true)).toBe('a/# b/5.#');
  expect(sealed('a/5.1.2.3.4', true)).toBe('a/5.1.2.3.4');
});

it('nothing that is sealed is overlooked at first sight', () => {
  const parts = [
    '1',
    '23',
    '.',
    ':',
    '::',
    '%3A',
    '%2e',
    '%253A',
    '%25',
    '0',
    '%',
    'a',
    'f',
    'g',
    '/',
    ' ',
    '203.0.113.77',
    '2001:db8::1',
  ];
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...parts), { maxLength: 24 }),
      fc.boolean(),
      (words, isAgent) => {
        const bytes = Buffer.from(words.join(''));
        const out = sealing.sealed(bytes, 0, bytes.length, OWN, isAgent);
        // The own address is sealed whatever stands around it.
        expect(String(out ?? bytes)).not.toMatch(/(?<![\d%]|%(?:25)*[af])203\.0\.113\.77(?!\d)/);
        if (out === undefined) return;
        found++;
        expect(mayHoldAddress(bytes, 0, bytes.length, isAgent, OWN)).toBe(true);
      },
    ),
    { numRuns: 20_000 },
  );
  expect(found).toBeGreaterThan(1_000);
});

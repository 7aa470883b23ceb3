import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { behind, blockAt, isV4, parseCidr } from '../../../src/ip/ranges/cidr.js';

describe('a block of addresses', () => {
  it('is read in IPv4 and IPv6 form, an address alone being a block of one', () => {
    expect(parseCidr('192.0.2.0/24')).toEqual({ words: [0, 0, 0xffff, 0xc0000200], length: 120 });
    expect(parseCidr('192.0.2.7')).toEqual({ words: [0, 0, 0xffff, 0xc0000207], length: 128 });
    expect(parseCidr('0.0.0.0/0')).toEqual({ words: [0, 0, 0xffff, 0], length: 96 });
    expect(parseCidr('2001:db8::/32')).toEqual({ words: [0x20010db8, 0, 0, 0], length: 32 });
    expect(parseCidr('::ffff:192.0.2.0/120')).toEqual(parseCidr('192.0.2.0/24'));
    expect(parseCidr('::/0')).toEqual({ words: [0, 0, 0, 0], length: 0 });
  });

  it('ignores the bits behind its length', () => {
    expect(parseCidr('192.0.2.255/25')).toEqual(parseCidr('192.0.2.128/25'));
    expect(parseCidr('2001:db8:ffff::1/33')).toEqual(parseCidr('2001:db8:8000::/33'));
  });

  it.each([
    ...[
      '',
      '/',
      '/24',
      '192.0.2.0/',
      '192.0.2.0/33',
      '192.0.2.0/-1',
      '192.0.2.0/024',
      '192.0.2/24',
    ],
    ...['192.0.2.0/24/24', '192.0.2.0 /24', '192.0.2.256', '192.0.02.0/24', '2001:db8::/129'],
    ...[
      '2001:db8::%eth0/64',
      '2001:db8::/3 2',
      '١٩٢.0.2.0/24',
      `${'0'.repeat(60)}::/1`,
      'ffff',
      '::1::',
    ],
  ])('is not read from %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('knows the address behind its last one', () => {
    const address = fc.array(fc.bigInt(0n, 2n ** 32n - 1n), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 128 }), (words, length) => {
        const block = blockAt(words.map(Number), length);
        const size = 2n ** BigInt(128 - length);
        const whole = words.reduce((sum, word) => (sum << 32n) | word, 0n);
        const first = (whole / size) * size;
        const next = behind(block);
        expect(numberOf(block.words)).toBe(first);
        expect(next === undefined ? 2n ** 128n : numberOf(next)).toBe(first + size);
      }),
    );
  });

  it('is IPv4 only when all its addresses are', () => {
    expect(['10.0.0.0/8', '::ffff:0:0/96'].map((text) => isV4(parseCidr(text)!))).toEqual([
      true,
      true,
    ]);
    expect(['::/0', '::/95', '2001:db8::/32'].map((text) => isV4(parseCidr(text)!))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

function numberOf(words: readonly number[]): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

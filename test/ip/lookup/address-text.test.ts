import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RawIp } from '../../../cache/seal.js';
import { parseAddress } from '../../../src/extract/parse-address.js';
import { addressText } from '../../../src/ip/lookup/address-text.js';
import { rawIp } from '../../support/raw-ip.js';

test.each([
  '8.8.8.8',
  '255.0.0.1',
  '::',
  '::1',
  '1::',
  '2001:db8::1',
  '2001:db8:0:1:1:1:1:1',
  '2001:0:0:1::1',
  '2001:db8::1:0:0:1',
  '1:2:3:4:5:6:7:8',
])('%s is written as it is', (text) => {
  expect(addressText(rawIp(text))).toBe(text);
});

test('what is written reads as the same address', () => {
  const byte = fc.oneof(fc.constant(0), fc.nat(255));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.array(byte), (bytes, more) => {
      bytes.set(more.slice(0, 16));
      const text = Buffer.from(addressText(new RawIp(bytes)), 'latin1');
      const words = new Uint32Array(4);
      expect(parseAddress(text, 0, text.length, words)).toBe(true);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      expect([...words]).toEqual([0, 4, 8, 12].map((at) => view.getUint32(at)));
    }),
  );
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressInterner, NO_ADDRESS } from '../../src/extract/address-interner.js';

/** Stands for a seal: the bytes themselves, so that what comes out can be looked at. */
function copy(addresses: Uint8Array, count: number, out: Uint8Array): void {
  out.set(addresses.subarray(0, count * 16));
}

function sealedAt(sealed: Uint8Array, id: number): string {
  return Buffer.from(sealed.subarray(id * 16, id * 16 + 16)).toString('hex');
}

function hex(words: readonly number[]): string {
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

it('numbers addresses as a map does, and gives back their bytes in network order', () => {
  const word = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 0xffffffff }), fc.constant(0xffff));
  const address = fc.tuple(word, word, word, word);
  fc.assert(
    fc.property(fc.array(address, { maxLength: 300 }), fc.nat(1), (list, clears) => {
      const interner = new AddressInterner();
      for (let round = 0; round <= clears; round++) {
        interner.clear();
        const map = new Map<string, number>();
        for (const words of list) {
          const id = interner.intern(Uint32Array.from(words));
          if (!map.has(hex(words))) map.set(hex(words), map.size + 1);
          expect(id).toBe(map.get(hex(words)));
        }
        expect(interner.count).toBe(map.size + 1);
        const sealed = interner.sealAll(copy);
        expect(sealed.length).toBe(16 * (map.size + 1));
        expect(sealedAt(sealed, NO_ADDRESS)).toBe('0'.repeat(32));
        for (const [text, id] of map) expect(sealedAt(sealed, id)).toBe(text);
      }
    }),
    { seed: 20_261_123, numRuns: 200 },
  );
});

it('keeps a hundred thousand neighbours apart', () => {
  const interner = new AddressInterner();
  const words = new Uint32Array([0, 0, 0xffff, 0]);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 50_000; i++) {
      words.set([0, 0, 0xffff, 0xc0000200 + i]);
      if (interner.intern(words) !== 2 * i + 1) throw new Error(`IPv4 ${i} got another id`);
      words.set([0x20010db8, 0, i, 1]);
      if (interner.intern(words) !== 2 * i + 2) throw new Error(`IPv6 ${i} got another id`);
    }
  }
  expect(interner.count).toBe(100_001);
});

it('does not take the address of sixteen zero bytes for no address', () => {
  expect(new AddressInterner().intern(new Uint32Array(4))).not.toBe(NO_ADDRESS);
});

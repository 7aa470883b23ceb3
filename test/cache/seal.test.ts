import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import sodium from 'libsodium-wrappers';
import { describe, expect, it } from 'vitest';
import { createSealer, RawIp, sealedIpFromBytes } from '../../cache/seal.js';
import { createBulkSealer, UnusableKeyError } from '../../cache/seal-many.js';
import { sealingKeyFromBytes } from '../../cache/sealing-key.js';

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const KEY = sealingKeyFromBytes(fromHex('0123456789abcdeffedcba9876543210'));

/** IPv4 192.0.2.171 in its 16-byte form. */
const BYTES = fromHex('00000000000000000000ffffc00002ab');

describe('createSealer', () => {
  // Test vectors of draft-denis-ipcrypt, ipcrypt-deterministic.
  it.each([
    ['0123456789abcdeffedcba9876543210', '00000000', 'bde96789d353824cd7c6f58a6bd226eb'],
    ['1032547698badcfeefcdab8967452301', 'ffffffff', 'aed292f6ea2358c348fd08b874e845d8'],
    ['2b7e151628aed2a6abf7158809cf4f3c', 'c0000201', '1dbdc1b9fff175867d0b67b4e76e4777'],
  ])('seals with key %s the IPv4 address %s', async (key, v4, sealed) => {
    const sealer = await createSealer(sealingKeyFromBytes(fromHex(key)));
    const raw = new RawIp(fromHex(`00000000000000000000ffff${v4}`));
    expect(hex(sealer.seal(raw))).toBe(sealed);
  });

  it('seals many at once as AES-128 does one block at a time, and opens them again', async () => {
    const sealer = await createSealer(KEY);
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { maxLength: 40 }),
        (addresses) => {
          const input = new Uint8Array(Buffer.concat(addresses));
          const out = new Uint8Array(input.length + 16).fill(7);
          sealer.sealInto(input, addresses.length, out);
          const aes = createCipheriv('aes-128-ecb', KEY, null).setAutoPadding(false);
          expect(hex(out.subarray(0, input.length))).toBe(hex(aes.update(input)));
          expect(hex(out.subarray(input.length))).toBe('07'.repeat(16));
          addresses.forEach((address, i) => {
            const sealed = sealedIpFromBytes(out.slice(i * 16, i * 16 + 16));
            expect(hex(sealer.open(sealed).reveal())).toBe(hex(address));
          });
        },
      ),
    );
  });

  it('seals in place', async () => {
    const sealer = await createSealer(KEY);
    const both = new Uint8Array([...BYTES, ...BYTES]);
    sealer.sealInto(both, 2, both);
    const sealed = hex(sealer.seal(new RawIp(BYTES)));
    expect(hex(both)).toBe(sealed + sealed);
  });

  it('refuses a key under which an address would look like none', async () => {
    const aes = createDecipheriv('aes-128-ecb', KEY, null).setAutoPadding(false);
    const unlucky = new Uint8Array(aes.update(new Uint8Array(16)));
    const sealer = await createSealer(KEY);
    let error: unknown;
    try {
      sealer.seal(new RawIp(unlucky));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'UNUSABLE_KEY' });
    expect(inspect(error)).not.toContain(hex(unlucky));
  });

  it('refuses arrays that are too small', async () => {
    const sealer = await createSealer(KEY);
    expect(() => sealer.sealInto(new Uint8Array(16), 2, new Uint8Array(32))).toThrow(RangeError);
    expect(() => sealer.sealInto(new Uint8Array(32), 2, new Uint8Array(31))).toThrow(RangeError);
    expect(() => sealedIpFromBytes(new Uint8Array(15))).toThrow(RangeError);
  });
});

describe('createBulkSealer', () => {
  it("seals many as libsodium's ipcrypt seals one", async () => {
    await sodium.ready;
    const { sealInto } = createBulkSealer(KEY);
    // More than are sealed at once, so that the border between two pieces is among them.
    const count = 70_000;
    const raw = new Uint8Array(randomBytes(count * 16));
    raw.set(BYTES, 65_536 * 16);
    const sealed = new Uint8Array(count * 16);
    sealInto(raw, count, sealed);
    for (let i = 0; i < count; i += i < 65_500 || i > 65_600 ? 97 : 1) {
      const one = sodium.crypto_ipcrypt_encrypt(raw.slice(i * 16, i * 16 + 16), KEY);
      expect(hex(sealed.subarray(i * 16, i * 16 + 16))).toBe(hex(one));
    }
  });

  it('refuses a key under which one of many addresses would look like none', () => {
    const aes = createDecipheriv('aes-128-ecb', KEY, null).setAutoPadding(false);
    const unlucky = new Uint8Array(aes.update(new Uint8Array(16)));
    const { sealInto } = createBulkSealer(KEY);
    const addresses = new Uint8Array([...BYTES, ...unlucky, ...BYTES]);
    expect(() => sealInto(addresses, 3, new Uint8Array(48))).toThrow(UnusableKeyError);
    expect(() => sealInto(addresses, 1, new Uint8Array(16))).not.toThrow();
  });

  it('needs no libsodium', () => {
    const source = readFileSync(new URL('../../cache/seal-many.ts', import.meta.url), 'utf8');
    expect(source).not.toMatch(/from '(?!node:|\.\/error\.js)(?!\.\/sealing-key\.js)/);
    expect(source).toContain("import type { SealingKey } from './sealing-key.js'");
  });
});

describe('RawIp', () => {
  it('cannot be printed or written by accident', () => {
    const ip = new RawIp(BYTES);
    const texts = [
      `${ip}`,
      JSON.stringify({ ip }),
      inspect({ ip }, { showHidden: true, depth: 9 }),
      format('%o %O %s %j', ip, ip, ip, ip),
      Object.entries(ip).join(),
      serialize({ ...ip }).toString('latin1'),
      inspect(structuredClone({ ...ip })),
    ];
    for (const text of texts) expect(text).not.toMatch(/192|171|\xc0|ffff/);
    expect(texts.slice(0, 3)).toEqual(['[address]', '{"ip":"[address]"}', '{ ip: [address] }']);
  });

  it('keeps a copy of its own', () => {
    const bytes = Uint8Array.from(BYTES);
    const ip = new RawIp(bytes);
    bytes.fill(0);
    ip.reveal().fill(1);
    expect(hex(ip.reveal())).toBe(hex(BYTES));
  });

  it('has 16 bytes', () => {
    expect(() => new RawIp(new Uint8Array(4))).toThrow(RangeError);
  });
});

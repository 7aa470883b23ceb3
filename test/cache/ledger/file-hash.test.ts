import { describe, expect, it } from 'vitest';
import { hashFile } from '../../../cache/ledger/file-hash.js';

describe('the hash of a file', () => {
  it('is XXH64 of the UTF-8 name, whole, whatever its length', () => {
    // The value for the empty input is that of the definition of XXH64.
    expect(hashFile('', 0, 0)).toMatchObject({ high: 0xef46db37, low: 0x51d8e999 });
    const seen = new Set<string>();
    for (const name of [
      'a',
      'é',
      '\u{1f600}',
      'x'.repeat(341),
      'x'.repeat(342),
      'é'.repeat(9999),
    ]) {
      const { high, low } = hashFile(name, 1, 2);
      expect(hashFile(name, 3, 4)).toMatchObject({ high, low });
      seen.add(`${high} ${low}`);
    }
    expect(seen.size).toBe(6);
  });

  it('has a stamp that differs with name, size and time', () => {
    const stamps = [
      hashFile('a', 1, 2),
      hashFile('b', 1, 2),
      hashFile('a', 2, 2),
      hashFile('a', 1, 3),
      hashFile('a', 2 ** 32 + 1, 2),
      hashFile('a', 1, 2 ** 32 + 2),
    ].map(({ stamp }) => stamp);
    expect(new Set(stamps).size).toBe(stamps.length);
  });

  it('takes times before 1970 as the ledger stores them', () => {
    expect(hashFile('a', 1, -5)).toEqual(hashFile('a', 1, 0));
  });
});

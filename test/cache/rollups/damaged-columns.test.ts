import { describe, expect, it } from 'vitest';
import { readHybrid } from '../../../cache/rollups/bit-unpack.js';
import { addDays, addRequesters } from '../../../cache/rollups/block.js';
import { ByteReader } from '../../../cache/rollups/byte-reader.js';
import { DatasetSums } from '../../../cache/rollups/dataset-sums.js';
import { Integers, readDeltas } from '../../../cache/rollups/integers.js';
import { MergedAssets } from '../../../cache/rollups/merged-assets.js';
import { readPageHeader } from '../../../cache/rollups/page-header.js';
import { Strings } from '../../../cache/rollups/strings.js';
import { PADDING, uncompress } from '../../../cache/rollups/uncompress.js';
import { WeekSums } from '../../../cache/rollups/week-sums.js';

function view(...bytes: number[]): DataView {
  return new DataView(Uint8Array.from([...bytes, ...Array(32).fill(0)]).buffer);
}

/** Each of these once went on for ever, or took memory for a number that stands in a few bytes. */
describe('bytes that somebody wrote so', () => {
  it('end the header of a page', () => {
    // A field whose number goes on; a list of 2^35 flags; structs within structs; nothing at all; a size below zero.
    const headers = [
      [0x15, 0x80],
      [0x19, 0xf1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      Array(100).fill(0x1c),
      [],
      [0x15, 0x00, 0x15, 0x01, 0x15, 0x02, 0x00],
    ];
    for (const bytes of headers) {
      expect(() => readPageHeader(Uint8Array.from(bytes), 0)).toThrow(RangeError);
    }
    const flat = readPageHeader(Uint8Array.from([0x15, 0x00, 0x15, 0x04, 0x15, 0x04, 0x00]), 0);
    expect(flat).toMatchObject({ storedBytes: 2, uncompressedBytes: 2, end: 7 });
  });

  it('end numbers', () => {
    const out = new Integers(100);
    // Blocks of 128 numbers in no parts, of none in four, of 2^34 in one; numbers of 99 bits.
    const starts = [
      [0x80, 0x01, 0x00],
      [0x00, 0x04],
      [0x80, 0x80, 0x80, 0x80, 0x40, 0x01],
      [0x80, 0x01, 0x04, 0x64, 0x00, 0x00, 99, 99, 99, 99],
    ];
    for (const bytes of starts) {
      expect(() => readDeltas(view(...bytes), 0, out, 0, 100)).toThrow(RangeError);
    }
    expect(() => readHybrid(view(3), 0, 33, new Uint32Array(8), 0, 8)).toThrow(RangeError);
  });

  it('end strings', () => {
    expect(() => new Strings().addPlain(view(), 0, 0, 2 ** 31)).toThrow(RangeError);
    expect(() => new Strings().addPlain(view(), 0, 16, 2 ** 28)).toThrow(RangeError);
    expect(() => new Strings().addPlain(view(), 0, -5, 2)).toThrow(RangeError);
    // One string that shares 64 bytes with the one before, which is none.
    const shares = [0x80, 0x01, 0x04, 0x01, 0x80, 0x01];
    const lengths = [0x80, 0x01, 0x04, 0x01, 0x00];
    expect(() => new Strings().addDeltaBytes(view(...shares, ...lengths), 0, 1)).toThrow(
      RangeError,
    );
    for (const codec of ['GZIP', 'ZSTD', 'SNAPPY', 'LZ4_RAW', 'BROTLI']) {
      const bytes = Uint8Array.from([0xff, 0xfe, 0xff, 0xff]);
      const out = new Uint8Array(100 + PADDING);
      expect(() => uncompress(codec, bytes, out)).toThrow(RangeError);
    }
  });

  it('end sums', () => {
    const many = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(() => addDays(many, new DatasetSums(4))).toThrow(RangeError);
    // One day, 2^41 days from now; one week, as far away.
    const far = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
    expect(() => addDays(Uint8Array.from([1, ...far, 2, 0, 0]), new DatasetSums(4))).toThrow(
      'a day that is none',
    );
    expect(() => new WeekSums().read(new ByteReader(Uint8Array.from([1, ...far, 0, 0])))).toThrow(
      'a day that is none',
    );
    expect(() => addRequesters(many, many, new DatasetSums(4))).toThrow(RangeError);
    const damaged = expect.objectContaining({
      code: 'ROLLUPS_DAMAGED',
      message: expect.stringContaining('a.sums'),
    });
    // A name that shares more than there was; one that is longer than all there is; weeks without end.
    expect(() => new MergedAssets([Uint8Array.from([5, 1, 65, 0])], false, ['a.sums'])).toThrow(
      damaged,
    );
    expect(() => new MergedAssets([Uint8Array.from([0, ...many])], false, ['a.sums'])).toThrow(
      damaged,
    );
    const weeks = Uint8Array.from([0, 1, 65, 2, 0, 0, ...many]);
    expect(() => new MergedAssets([weeks], true, ['a.sums'])).toThrow(damaged);
  });
});

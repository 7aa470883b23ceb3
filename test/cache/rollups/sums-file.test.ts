import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ByteReader } from '../../../cache/rollups/byte-reader.js';
import { ByteWriter } from '../../../cache/rollups/byte-writer.js';
import { blockPlaces, DatasetReader } from '../../../cache/rollups/dataset-blocks.js';
import { DatasetSums } from '../../../cache/rollups/dataset-sums.js';
import { Sums } from '../../../cache/rollups/sums.js';
import { SumsFileWriter } from '../../../cache/rollups/sums-file.js';
import { scratchDirectory } from '../../support/scratch.js';

let folder: string;

beforeEach(() => {
  folder = scratchDirectory();
});

afterEach(() => {
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('numbers up to 2^53 come back', () => {
  const number = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(),
    fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 31, 2 ** 32, 2 ** 35, 2 ** 53 - 1),
  );
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), (numbers) => {
      const writer = new ByteWriter(8);
      for (const value of numbers) {
        writer.reserve(8);
        writer.varint(value);
      }
      const reader = new ByteReader(writer.written());
      expect(numbers.map(() => reader.varint())).toEqual(numbers);
    }),
  );
});

test('sums are exact beyond 2^64', () => {
  const bytes = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 50 }), (all) => {
      const sums = new Sums(1);
      const slot = sums.append();
      for (const value of all) {
        sums.add(slot, Number(value & (2n ** 48n - 1n)), Number(value >> 48n), 1, 0);
      }
      expect(sums.bytesSent(slot)).toBe(all.reduce((sum, value) => sum + value, 0n));
      expect(sums.requests(slot)).toBe(all.length);
    }),
  );
});

function sample(): DatasetSums {
  const sums = new DatasetSums(100);
  for (const [i, path] of ['b/x', '', 'a', 'a/b'].entries()) {
    const own = new Sums();
    own.add(own.append(), i + 1, 0, 1, 0);
    sums.addAsset(path, own, 0);
    sums.addRow(i * 3, i * 40_000 - 5, i + 1, 0, 0);
  }
  return sums;
}

test('a dataset comes back in order, also out of several files', () => {
  const runs = [1, 2].map(() => {
    const writer = new SumsFileWriter(folder);
    writer.add('ds', sample());
    const file = writer.finish();
    return { sums: file === undefined ? [] : [file] };
  });
  const places = blockPlaces(folder, runs).get('ds') ?? [];
  expect(places.length).toBe(2);
  const reader = new DatasetReader(folder, 100);
  const assets = reader.assets(places);
  const names: [string, number][] = [];
  while (assets.next())
    names.push([Buffer.from(assets.name.subarray(0, assets.length)).toString(), assets.low]);
  expect(names).toEqual([
    ['.', 4],
    ['a', 6],
    ['a\u0000b', 8],
    ['b\u0000x', 2],
  ]);
  const { days, byDay, byRequester } = reader.sums(places);
  expect(days).toEqual([-5, 39_995, 79_995, 119_995]);
  expect([byDay.bytesSent(3), byRequester.count, byRequester.bytesSent(3)]).toEqual([8n, 4, 8n]);
  reader.close();
});

test('a changed bit is found by whatever reads it, though size and time are the same', () => {
  const writer = new SumsFileWriter(folder);
  writer.add('ds', sample());
  const file = writer.finish();
  if (file === undefined) throw new Error('nothing written');
  const path = join(folder, file.file);
  const whole = readFileSync(path);
  const { atime, mtime } = statSync(path);
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ 4;
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    const reader = new DatasetReader(folder, 100);
    expect(() => {
      const places = blockPlaces(folder, [{ sums: [file] }]).get('ds') ?? [];
      reader.sums(places);
      reader.assets(places);
    }).toThrow(expect.objectContaining({ code: 'ROLLUPS_DAMAGED' }));
    reader.close();
  }
});

test('nothing written is no file', () => {
  expect(new SumsFileWriter(folder).finish()).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

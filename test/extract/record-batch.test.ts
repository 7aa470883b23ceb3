import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { FIELD, KIND, Line } from '../../src/extract/line.js';
import { NO_ADDRESS } from '../../src/extract/no-address.js';
import { RecordBatch } from '../../src/extract/record-batch.js';

const batch = new RecordBatch({ rows: 1 << 20, keyBytes: 1 << 24 });
const line = new Line();

beforeEach(() => batch.clear());

/** Append a record as the careful parser finds it; the key stands somewhere in the input. */
function append(key: string, address: readonly number[] | undefined, row = 0): void {
  const at = 3 + (row % 100);
  const length = batch.input.write(key, at, 'latin1');
  line.bounds[2 * FIELD.key] = at;
  line.bounds[2 * FIELD.key + 1] = at + length;
  line.timeSeconds = 1_700_000_000 + row;
  line.kind = row % 3 === 0 ? KIND.download : KIND.request;
  line.bytesSentLow = row;
  line.bytesSentHigh = row % 7;
  line.hasAddress = address !== undefined;
  if (address !== undefined) line.addressWords.set(address);
  batch.addRecord(line);
}

function keyAt(id: number): string {
  const { bytes, offsets } = batch.keys;
  return Buffer.from(bytes.subarray(offsets[id], offsets[id + 1])).toString('latin1');
}

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

const keys = fc.array(
  fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '/', '\0', '\xff'), maxLength: 5 }),
    fc.nat(500).map((number) => `key/${number}`),
    fc.string({ unit: 'binary-ascii', minLength: 14, maxLength: 300 }),
    fc.nat(3).map((number) => `${'x'.repeat(2_000 + number)}${number}`),
  ),
  { maxLength: 400 },
);

it('numbers keys as a map does, in the order of their first appearance', () => {
  fc.assert(
    fc.property(keys, fc.nat(2), (texts, clears) => {
      for (let round = 0; round <= clears; round++) {
        batch.clear();
        const map = new Map<string, number>();
        texts.forEach((text, row) => {
          append(text, undefined, row);
          if (!map.has(text)) map.set(text, map.size);
          expect(batch.keyIds[row]).toBe(map.get(text));
          expect(batch.requesterIds[row]).toBe(NO_ADDRESS);
        });
        expect(batch.keys.count).toBe(map.size);
        expect(batch.keys.bytes.length).toBe([...map.keys()].join('').length);
        for (const [text, id] of map) expect(keyAt(id)).toBe(text);
      }
    }),
    { seed: 20_261_124, numRuns: 100 },
  );
});

it('numbers addresses as a map does, and gives back their bytes in network order', () => {
  const word = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 0xffffffff }), fc.constant(0xffff));
  const v4 = fc.nat({ max: 0xffffffff }).map((address) => [0, 0, 0xffff, address] as const);
  const address = fc.oneof(fc.tuple(word, word, word, word), v4);
  fc.assert(
    fc.property(fc.array(address, { maxLength: 300 }), fc.nat(1), (list, clears) => {
      for (let round = 0; round <= clears; round++) {
        batch.clear();
        const map = new Map<string, number>();
        list.forEach((words, row) => {
          append('k', words, row);
          if (!map.has(hex(words))) map.set(hex(words), map.size + 1);
          expect(batch.requesterIds[row]).toBe(map.get(hex(words)));
        });
        const sealed = batch.sealAddresses(copy);
        expect(sealed.length).toBe(16 * (map.size + 1));
        expect(sealedAt(sealed, NO_ADDRESS)).toBe('0'.repeat(32));
        for (const [text, id] of map) expect(sealedAt(sealed, id)).toBe(text);
      }
    }),
    { seed: 20_261_124, numRuns: 200 },
  );
});

it('keeps a hundred thousand keys and neighbouring addresses apart, also those of equal length', () => {
  for (let round = 0; round < 2; round++) {
    batch.clear();
    for (let i = 0; i < 50_000; i++) {
      append(String(i).padStart(9, '0'), [0, 0, 0xffff, 0xc0000200 + i], 2 * i);
      append(String(i).padStart(20, '0'), [0x20010db8, 0, i, 1], 2 * i + 1);
    }
    for (let row = 0; row < 100_000; row++) {
      if (batch.keyIds[row] !== row) throw new Error(`${row} got another key`);
      if (batch.requesterIds[row] !== row + 1) throw new Error(`${row} got another address`);
    }
  }
  expect(keyAt(99_998)).toBe('000049999');
  expect(keyAt(99_999)).toBe('00000000000000049999');
});

it('does not take the address of sixteen zero bytes for no address', () => {
  append('k', [0, 0, 0, 0]);
  expect(batch.requesterIds[0]).not.toBe(NO_ADDRESS);
});

it('keeps the numbers of every record, also of those after a return to fewer', () => {
  for (let row = 0; row < 20; row++) append(`k${row % 4}`, undefined, row);
  const mark = batch.mark();
  for (let row = 20; row < 30; row++) append('dropped', undefined, 99);
  batch.rollback(mark);
  for (let row = 20; row < 40; row++) append(`k${row % 4}`, undefined, row);
  expect(batch.rows).toBe(40);
  for (let row = 0; row < 40; row++) {
    expect(keyAt(batch.keyIds[row])).toBe(`k${row % 4}`);
    expect(batch.times[row]).toBe(1_700_000_000 + row);
    expect(batch.downloads[row]).toBe(row % 3 === 0 ? 1 : 0);
    expect(batch.bytesLow[row]).toBe(row);
    expect(batch.bytesHigh[row]).toBe(row % 7);
  }
});

it('leaves no raw address in what a look at it shows', () => {
  append('k', [0, 0, 0xffff, 0xc0000201]);
  const { inspect } = require('node:util') as typeof import('node:util');
  expect(inspect(batch, { depth: 5, showHidden: true })).not.toMatch(/3221225985|c0000201/i);
});

// A table made for a power of two of keys once grew beyond its room at the last of them, into that of the addresses.
it('keeps addresses as they are when it holds all the keys it has room for', () => {
  const full = new RecordBatch({ rows: 0, keyBytes: 1 });
  const capacity = full.keyIds.length;
  expect(Math.log2(capacity) % 1).toBe(0);
  line.hasAddress = true;
  for (let i = 0; i < capacity; i++) {
    line.bounds[2 * FIELD.key] = 0;
    line.bounds[2 * FIELD.key + 1] = full.input.write(i.toString(36), 0, 'latin1');
    line.addressWords.set([0x20010db8, 0, 0, i % 1_000]);
    full.addRecord(line);
  }
  expect(full.keys.count).toBe(capacity);
  const sealed = Buffer.from(full.sealAddresses(copy));
  for (let id = 1; id <= 1_000; id++) {
    const hexId = (id - 1).toString(16).padStart(24, '0');
    expect(sealed.toString('hex', 16 * id, 16 * id + 16)).toBe(`20010db8${hexId}`);
  }
  expect(sealed.length).toBe(16 * 1_001);
});

// Of files that were rolled back only rows were forgotten: the tables ran over, and the file in hand was taken for damaged.
it('is full of keys or addresses without any rows left', () => {
  const small = new RecordBatch({ rows: 100, keyBytes: 1 << 20 });
  for (let i = 0; i < 100; i++) {
    const mark = small.mark();
    expect(small.isFull()).toBe(false);
    line.bounds[2 * FIELD.key] = 0;
    line.bounds[2 * FIELD.key + 1] = small.input.write(`key ${i}`, 0, 'latin1');
    line.hasAddress = true;
    line.addressWords.set([0, 0, 0xffff, i]);
    small.addRecord(line);
    small.rollback(mark);
  }
  expect(small.isEmpty()).toBe(true);
  expect(small.isFull()).toBe(true);
  small.clear();
  expect(small.isFull()).toBe(false);
});

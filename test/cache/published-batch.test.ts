import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { PublishedBatch, syncFileSystem } from '../../cache/published-batch.js';
import { readStamps } from '../support/published-tree.js';
import { scratchDirectory } from '../support/scratch.js';

let folder: string;
let batch: PublishedBatch;

beforeEach(() => {
  folder = scratchDirectory();
  batch = new PublishedBatch();
});

function bytes(...pieces: string[]): Uint8Array[] {
  return pieces.map((piece) => Buffer.from(piece));
}

test('files get their names together, and only what differs is written', () => {
  expect(batch.prepare(join(folder, 'ds', 'a'), bytes('one'))).toBe(true);
  expect(batch.prepare(join(folder, 'ds', 'b'), bytes('two', 'three'))).toBe(true);
  expect(readdirSync(join(folder, 'ds')).every((name) => name.endsWith('.tmp'))).toBe(true);
  expect([batch.files, batch.bytes]).toEqual([2, 11]);
  batch.sync();
  batch.rename();
  expect(readFileSync(join(folder, 'ds', 'b'), 'utf8')).toBe('twothree');
  expect(statSync(join(folder, 'ds')).mode & 0o777).toBe(0o755);
  expect(statSync(join(folder, 'ds', 'a')).mode & 0o777).toBe(0o644);
  const before = readStamps(folder);
  expect(batch.prepare(join(folder, 'ds', 'a'), bytes('one'))).toBe(false);
  expect(batch.prepare(join(folder, 'ds', 'b'), bytes('two', 'three'))).toBe(false);
  expect(batch.prepare(join(folder, 'ds', 'b'), bytes('two', 'other'))).toBe(true);
  expect(batch.files).toBe(1);
  batch.discard();
  expect(readStamps(folder)).toEqual(before);
});

test('large files come in pieces and are compared in pieces', () => {
  const rows = (last: string) => bytes(...Array(3).fill('0123456789\n'.repeat(100_000)), last);
  const path = join(folder, 'large');
  expect(batch.prepare(path, rows('a'))).toBe(true);
  batch.rename();
  expect(statSync(path).size).toBe(3_300_001);
  expect(batch.prepare(path, rows('a'))).toBe(false);
  expect(readdirSync(folder)).toEqual(['large']);
  expect(batch.prepare(path, rows('b'))).toBe(true);
  batch.discard();
});

test('what is no folder of its own, or cannot be written, is an error that leaves nothing', () => {
  const outside = scratchDirectory();
  symlinkSync(outside, join(folder, 'link'));
  writeFileSync(join(folder, 'file'), '');
  for (const name of ['link', 'file']) {
    expect(() => batch.prepare(join(folder, name, 'a'), bytes('x'))).toThrow(
      expect.objectContaining({ code: 'NOT_A_FOLDER' }),
    );
  }
  mkdirSync(join(folder, 'taken', 'a', 'somebody'), { recursive: true });
  batch.prepare(join(folder, 'taken', 'a'), bytes('x'));
  expect(() => batch.rename()).toThrow(expect.objectContaining({ code: 'CACHE_DAMAGED' }));
  batch.discard();
  expect(readdirSync(join(folder, 'taken'))).toEqual(['a']);
  expect(readdirSync(join(folder, 'taken', 'a'))).toEqual(['somebody']);
  expect(readdirSync(outside)).toEqual([]);
});

test('few files are synced one by one, many at once where the system can', () => {
  expect(syncFileSystem(folder, 3)).toBe(false);
  expect(syncFileSystem(join(folder, 'nowhere'), 1_000)).toBe(false);
  if (process.platform === 'linux') expect(syncFileSystem(folder, 1_000)).toBe(true);
});

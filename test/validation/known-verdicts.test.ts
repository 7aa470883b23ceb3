import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { VerdictStore } from '../../cache/validation/verdict-store.js';
import { KnownVerdicts } from '../../validation/known-verdicts.js';
import { late } from '../../validation/protocols/late.js';

const path = mkdtempSync(join(tmpdir(), 's3logextraction-test-'));
afterAll(() => rmSync(path, { recursive: true, force: true }));
const folder = { path, scratch: () => path, close: () => {} };

const tally = { reason: 1, lines: 1, records: 1, bytes: '7' };
const verdict = { isJudged: true, tallies: [tally], first: [[0, 1]] };

test.each([
  ['null'],
  ['{}'],
  ['{"isJudged":true,"tallies":null,"first":[]}'],
  [JSON.stringify({ ...verdict, tallies: [{ ...tally, reason: 2 }] })],
  [JSON.stringify({ ...verdict, tallies: [{ ...tally, lines: 1.5 }] })],
  [JSON.stringify({ ...verdict, tallies: [{ ...tally, bytes: '-1' }] })],
  [JSON.stringify({ ...verdict, first: [[0]] })],
  [JSON.stringify({ ...verdict, first: [[0, 9]] })],
  ['{"isJudged":tru'],
])('a verdict that makes no sense is none: the file is read again (%s)', (text) => {
  const file = { path: `/logs/${text.length}-${text}`, sizeBytes: 1, modifiedMs: 1 };
  const sound = { ...file, path: `${file.path}-sound` };
  const store = new VerdictStore(path, late.name, late.version);
  store.add(file, { lines: 1, contentBytes: 1, text });
  store.add(sound, { lines: 1, contentBytes: 1, text: JSON.stringify(verdict) });
  store.flush();
  store.close();
  const known = new KnownVerdicts(folder, late);
  expect(known.find(file, 10)).toBeUndefined();
  expect(known.find(sound, 10)?.verdict).toEqual(verdict);
  known.close();
});

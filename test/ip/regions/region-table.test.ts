import { copyFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../../cache/engine.js';
import {
  addRegions,
  mergeRegions,
  type RegionRow,
  regionRelation,
  regionStateRelation,
  regionsDirectory,
} from '../../../cache/region-table.js';
import { sealedIpFromBytes } from '../../../cache/seal.js';
import { SyntheticCache, sealedAddress } from '../../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;

beforeEach(async () => {
  cache = new SyntheticCache();
  engine = await openEngine(cache.paths, { threads: 2 });
});

afterEach(() => {
  engine.close();
  cache.remove();
});

function row(n: number, region: string, checked: number, provisional = false): RegionRow {
  return { requester: sealedIpFromBytes(sealedAddress(n)), region, checked, provisional };
}

async function state(): Promise<unknown[]> {
  return engine.run(
    'read',
    `SELECT region, checked::INTEGER, provisional FROM ${regionStateRelation(cache.paths)}
     ORDER BY hex(requester::BLOB)`,
  );
}

const files = () => readdirSync(regionsDirectory(cache.paths));

describe('the region table', () => {
  it('is empty when there is none', async () => {
    expect(await state()).toEqual([]);
    expect(await engine.run('read', `SELECT * FROM ${regionRelation(cache.paths)}`)).toEqual([]);
  });

  it.each([
    ...['198.51.100.7', 'US/198.51.100.7', 'US/at 2001:db8::7', '2001:db8:1:2:3:4:5:6', 'US/'],
    ...['US/\u001b[31mred', 'US/a\tb', 'US/a\nb', '\u202eUS/x', '=1+1', '<b>', '', 'US/../x'],
    `US/${'x'.repeat(101)}`,
  ])('takes %j for no region, whoever wrote it there', async (text) => {
    addRegions(cache.paths, [row(1, text, 9), row(2, text, 9), row(2, 'US/St. John', 5)]);
    expect(await state()).toEqual([['US/St. John', 5, false]]);
  });

  const HISTORIES: readonly (readonly [what: string, rows: RegionRow[], best: unknown[]])[] = [
    ['the newest region', [row(1, 'US', 5), row(1, 'DE', 7), row(1, 'FR', 6)], ['DE', 7, false]],
    ['a region before a newer unknown', [row(1, 'US', 5), row(1, 'unknown', 9)], ['US', 5, false]],
    [
      'a region before undetermined',
      [row(1, 'undetermined', 9), row(1, 'US', 5)],
      ['US', 5, false],
    ],
    [
      'unknown before undetermined',
      [row(1, 'undetermined', 9), row(1, 'unknown', 5)],
      ['unknown', 5, false],
    ],
    [
      'undetermined when there is nothing else',
      [row(1, 'undetermined', 9)],
      ['undetermined', 9, false],
    ],
    [
      'a confirmed region before the provisional one',
      [row(1, 'US', 5, true), row(1, 'US', 5)],
      ['US', 5, false],
    ],
    ['a newer provisional region', [row(1, 'US', 5), row(1, 'DE', 6, true)], ['DE', 6, true]],
    [
      'a name in any script',
      [row(1, 'JP/東京都', 1), row(1, 'CL/Valparaíso', 2)],
      ['CL/Valparaíso', 2, false],
    ],
  ];

  it.each(HISTORIES)('tells %s, in whichever files and order they stand', async (_, rows, best) => {
    for (const one of rows) addRegions(cache.paths, [one]);
    expect(await state()).toEqual([best]);
    addRegions(cache.paths, rows.toReversed());
    expect(await state()).toEqual([best]);
  });

  it('says the same after merging, with few files', async () => {
    const rows: RegionRow[] = [];
    const regions = ['US/Ohio', 'DE', 'unknown', 'undetermined', 'CL/Valparaíso'];
    for (let i = 0; i < 400; i++) {
      rows.push(row(i % 90, regions[(i * 7) % 5] as string, (i * 13) % 101, i % 3 === 0));
    }
    for (let at = 0; at < rows.length; at += 4) addRegions(cache.paths, rows.slice(at, at + 4));
    expect(files().length).toBe(100);
    const before = await state();
    expect(before.length).toBe(90);
    for (let turn = 0; turn < 5; turn++) {
      await mergeRegions(cache.paths, engine);
      expect(await state()).toEqual(before);
    }
    expect(files().length).toBeLessThanOrEqual(24);
  });

  it('says the same when a crash leaves what was merged beside the new file', async () => {
    for (let i = 0; i < 40; i++) addRegions(cache.paths, [row(i % 7, `R${i}`, i)]);
    const before = await state();
    const kept = files();
    for (const name of kept) {
      copyFileSync(join(regionsDirectory(cache.paths), name), join(cache.paths.root, name));
    }
    await mergeRegions(cache.paths, engine);
    for (const name of kept) {
      copyFileSync(join(cache.paths.root, name), join(regionsDirectory(cache.paths), name));
    }
    expect(await state()).toEqual(before);
  });

  it('writes little for a little, however much is there', async () => {
    const many = Array.from({ length: 50_000 }, (_, i) => row(i + 1, 'US/Ohio', 1));
    addRegions(cache.paths, many);
    const [large] = files() as [string];
    const { ino } = statSync(join(regionsDirectory(cache.paths), large));
    for (let i = 0; i < 200; i++) {
      addRegions(cache.paths, [row(i, 'DE', 2)]);
      await mergeRegions(cache.paths, engine);
    }
    expect(statSync(join(regionsDirectory(cache.paths), large)).ino).toBe(ino);
    expect(files().length).toBeLessThanOrEqual(25);
    expect((await state()).length).toBe(50_001);
  });

  it('reads files without the later columns', async () => {
    await cache.writeRegions(new Map([[1, 'US']]));
    expect(await state()).toEqual([['US', 0, false]]);
    addRegions(cache.paths, [row(1, 'DE', 1)]);
    expect(await state()).toEqual([['DE', 1, false]]);
  });
});

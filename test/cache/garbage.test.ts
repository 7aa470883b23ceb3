import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeGarbage } from '../../cache/garbage.js';
import { type CachePaths, cachePaths } from '../../cache/paths.js';
import { scratchDirectory } from '../support/scratch.js';

const REAL = '20261123T061349123Z-9f3a1c2b-000001';
const UNFINISHED = '20261123T061349123Z-9f3a1c2b-000002';
const TOKEN = 'a'.repeat(32);
const TMP = '0123456789ab.tmp';

function put(paths: CachePaths, ...names: string[]): void {
  for (const name of names) {
    const path = join(paths.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'x');
  }
}

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

describe('removeGarbage', () => {
  it('removes what no commit names and nothing else', () => {
    const paths = cachePaths(scratchDirectory());
    const state = [
      'cache.json',
      'cache.json.copy',
      `commits/${REAL}.json`,
      `segments/${REAL}-1.records.parquet`,
      `segments/${REAL}-12.rejects.parquet`,
      `segments/${REAL}.files.parquet`,
      'ips/indexes/one.parquet',
      'ledger/manifest.json',
      'ledger/0123456789abcdef.part',
      'rollups/manifest.json',
      'rollups/one.days.parquet',
      'summaries/d/by_day.tsv',
      'lock/000000000007.json',
      `stop/${TOKEN}`,
    ];
    const foreign = [
      'notes.txt',
      `notes.txt.${TMP}`,
      'notes.tmp',
      'commits/README',
      'segments/mine.parquet',
      `segments/${UNFINISHED}`,
      `segments/${UNFINISHED}-1.records.parquet.bak`,
      `segments/copy of ${UNFINISHED}-1.records.parquet`,
      `segments/sub/${UNFINISHED}-1.records.parquet`,
      'summaries/d/plan.tmp',
      'stop/README',
    ];
    const garbage = [
      `cache.json.${TMP}`,
      `cache.json.copy.${TMP}`,
      `commits/${UNFINISHED}.json.${TMP}`,
      `segments/${UNFINISHED}-1.records.parquet`,
      `segments/${UNFINISHED}-2.rejects.parquet`,
      `segments/${UNFINISHED}-w3-17.records.parquet`,
      `segments/${UNFINISHED}.files.parquet`,
      `segments/${REAL}-3.records.parquet.${TMP}`,
      `ips/indexes/two.parquet.${TMP}`,
      `ledger/manifest.json.${TMP}`,
      `ledger/0123456789abcdef.part.${TMP}`,
      `rollups/manifest.json.${TMP}`,
      `summaries/totals.json.${TMP}`,
      `summaries/d/by_day.tsv.${TMP}`,
      `lock/000000000006.json.${TMP}`,
      `stop/${'b'.repeat(32)}`,
      'tmp/engine-1/spill.block',
      'tmp/anything',
    ];
    put(paths, ...state, ...foreign, ...garbage);
    removeGarbage(paths, TOKEN);
    expect(files(paths.root)).toEqual([...state, ...foreign].sort());
    expect(readdirSync(paths.tmp)).toEqual([]);
  });

  it('finds nothing to do in an empty directory', () => {
    const paths = cachePaths(scratchDirectory());
    removeGarbage(paths, TOKEN);
    expect(readdirSync(paths.root)).toEqual([]);
  });

  it('follows no symbolic link', () => {
    const outside = cachePaths(scratchDirectory());
    put(
      outside,
      `segments/${UNFINISHED}-1.records.parquet`,
      'tmp/precious',
      `stop/${'b'.repeat(32)}`,
    );
    put(outside, `summaries/by_day.tsv.${TMP}`, `precious/by_day.tsv.${TMP}`);
    const before = files(outside.root);

    const linked = cachePaths(scratchDirectory());
    for (const name of ['segments', 'tmp', 'stop', 'summaries', 'commits']) {
      symlinkSync(join(outside.root, name), join(linked.root, name));
    }
    removeGarbage(linked, TOKEN);
    expect(files(outside.root)).toEqual(before);

    const inside = cachePaths(scratchDirectory());
    put(inside, 'tmp/dir/x', 'summaries/d/by_day.tsv');
    symlinkSync(join(outside.root, 'precious'), join(inside.tmp, 'link'));
    symlinkSync(join(outside.root, 'precious'), join(inside.tmp, 'dir', 'link'));
    symlinkSync(join(outside.root, 'precious'), join(inside.summaries, 'linked'));
    removeGarbage(inside, TOKEN);
    expect(files(outside.root)).toEqual(before);
    expect(readdirSync(inside.tmp)).toEqual([]);
    expect(existsSync(join(inside.summaries, 'linked'))).toBe(true);
  });
});

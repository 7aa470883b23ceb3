import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { readIndexManifest } from '../../cache/ledger/index-manifest.js';
import { COLUMN, PartReader } from '../../cache/ledger/part-file.js';
import type { CachePaths } from '../../cache/paths.js';
import { checksFile, PublishedChecksWriter } from '../../cache/published-checks.js';
import { PublishedState } from '../../cache/published-state.js';
import { readManifest, requesterNumbers, rollupFiles } from '../../cache/rollup-manifest.js';
import { blockPlaces, DatasetReader } from '../../cache/rollups/dataset-blocks.js';
import { readRequesters } from '../../cache/rollups/requester-file.js';
import { readBlocks } from '../../cache/rollups/sums-file.js';
import { FigureReader } from '../../src/summarize/figures.js';
import { publishedFindings } from '../../validation/published-files.js';
import { bare, copyOfCache, put, sealed, sealOf } from './fixture.js';
import { fuzz } from './trials.js';

let paths: CachePaths;

beforeEach(() => {
  paths = copyOfCache();
});

describe('what is derived, as damaged bytes and as bytes that somebody wrote so', () => {
  it('the index of ledgers', async () => {
    const path = join(paths.ledger, 'manifest.json');
    const sample = readFileSync(path);
    const read = (_path: string) => {
      const manifest = readIndexManifest(paths);
      for (const part of manifest?.parts ?? []) {
        const reader = new PartReader(paths.ledger, part);
        try {
          const into = new Uint32Array(Math.min(reader.entries, 1 << 18));
          for (let block = 0; block < reader.blocks; block++)
            reader.readBlock(COLUMN.low, block, into);
          reader.find(5, 5);
        } finally {
          reader.close();
        }
      }
    };
    await fuzz('index, damaged', {
      samples: [sample],
      read: (bytes) => read(put(path, bytes)),
    });
    await fuzz('index, written so', {
      samples: [bare(sample)],
      read: (bytes) => read(put(path, sealed(bytes))),
    });
    put(path, sample);
    for (const { file } of readIndexManifest(paths)?.parts ?? []) {
      const part = join(paths.ledger, file);
      const whole = readFileSync(part);
      await fuzz('part of the index', {
        samples: [whole],
        read: (bytes) => read(put(part, bytes)),
      });
      put(part, whole);
    }
  });

  it('rollups', async () => {
    const path = join(paths.rollups, 'manifest.json');
    const sample = readFileSync(path);
    const manifest = readManifest(paths);
    if (manifest === undefined) throw new Error('no manifest');
    const [run] = manifest.runs;
    const sums = run?.sums[0];
    const requesters = run?.requesters[0];
    if (sums === undefined || requesters === undefined) throw new Error('no rollups');
    const read = (_path: string) => {
      for (const { file, bytes } of rollupFiles(readManifest(paths) ?? manifest)) {
        expect([typeof file, Number.isSafeInteger(bytes)]).toEqual(['string', true]);
      }
      requesterNumbers(readManifest(paths)?.runs ?? []);
    };
    await fuzz('manifest, damaged', {
      samples: [sample],
      read: (bytes) => read(put(path, bytes)),
    });
    await fuzz('manifest, written so', {
      samples: [bare(sample)],
      read: (bytes) => read(put(path, sealed(bytes))),
    });
    await fuzz('requesters', {
      samples: [readFileSync(join(paths.rollups, requesters.file))],
      read(bytes) {
        put(join(paths.rollups, requesters.file), bytes);
        readRequesters(paths.rollups, { ...sealOf(requesters.file, bytes), rows: requesters.rows });
      },
    });
    const whole = readFileSync(join(paths.rollups, sums.file));
    const reader = (bytes: Buffer, file: typeof sums) => {
      put(join(paths.rollups, sums.file), bytes);
      const numbers = requesterNumbers(manifest.runs);
      const dataset = new DatasetReader(paths.rollups, numbers);
      const regions = { names: ['missing', 'US'], ofRequester: new Uint32Array(numbers).fill(1) };
      const figures = new FigureReader(dataset, regions);
      try {
        for (const places of blockPlaces(paths.rollups, [{ sums: [file] }]).values()) {
          dataset.sums(places);
          figures.read(places);
          for (const assets = dataset.assets(places); assets.next(); );
        }
      } finally {
        dataset.close();
      }
    };
    await fuzz('sums, damaged', {
      samples: [whole],
      read: (bytes) => reader(bytes, sums),
    });
    const list = whole.subarray(sums.index);
    await fuzz('list of blocks, written so', {
      samples: [list],
      read(bytes) {
        const file = { ...sums, bytes: sums.index + bytes.length, indexCheck: crc32(bytes) };
        reader(Buffer.concat([whole.subarray(0, sums.index), bytes]), file);
      },
    });
    put(join(paths.rollups, sums.file), whole);
    const blocks = readBlocks(paths.rollups, sums);
    await fuzz('blocks, written so', {
      samples: [whole.subarray(0, sums.index)],
      read(bytes) {
        const sections = (block: (typeof blocks)[number]) => {
          let at = block.offset;
          return block.sections.map((size) => {
            at += size;
            return crc32(bytes.subarray(at - size, at));
          });
        };
        const again = Buffer.from(
          JSON.stringify(blocks.map((block) => ({ ...block, checks: sections(block) }))),
        );
        const file = {
          ...sums,
          index: bytes.length,
          bytes: bytes.length + again.length,
          indexCheck: crc32(again),
        };
        reader(Buffer.concat([bytes, again]), file);
      },
    });
  });

  it('what is noted of published files', async () => {
    const state = join(paths.rollups, 'published.json');
    const folderOf = (dataset: string) => dataset;
    const manifest = readManifest(paths);
    if (manifest === undefined) throw new Error('no manifest');
    const places = blockPlaces(paths.rollups, manifest.runs);
    const writer = new PublishedChecksWriter(paths);
    writer.add('ds1/by_day.tsv', '0123456789abcdef');
    writer.end(true);
    new PublishedState(paths, []).note();
    await fuzz('published.json', {
      samples: [readFileSync(state)],
      read(bytes) {
        put(state, bytes);
        const published = new PublishedState(paths, []);
        published.isCurrent();
        for (const dataset of places.keys()) {
          // Of a table whose check is not known nothing is taken for granted.
          const isNeeded = published.neededTables(manifest, places, folderOf);
          expect(isNeeded?.(dataset, 'by_asset.tsv') ?? true).toBe(true);
        }
      },
    });
    const checks = readFileSync(checksFile(paths));
    const find = (bytes: Buffer) => {
      put(checksFile(paths), bytes);
      for (const { claim, file } of publishedFindings(paths)) {
        expect([claim, file.startsWith(paths.root)]).toEqual(['published-intact', true]);
      }
    };
    await fuzz('checks, damaged', { samples: [checks], read: find });
    await fuzz('checks, written so', {
      samples: [bare(checks)],
      read: (bytes) => find(sealed(bytes)),
    });
  });
});

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeCacheCopy } from '../../cache/cache-copy.js';
import { readCacheFile } from '../../cache/cache-file.js';
import { listCommits, readCommit } from '../../cache/commit-record.js';
import { readCoordinateTable } from '../../cache/coordinate-table.js';
import { readDatasetNames } from '../../cache/datasets/dataset-names.js';
import { openGrouping, readGrouping } from '../../cache/datasets/grouping.js';
import { indexNames, NamesGrouping } from '../../cache/datasets/names-grouping.js';
import { readIdentities, readKnownFiles, readNames } from '../../cache/ledger/ledger-segment.js';
import { isHeld, readHighestLock } from '../../cache/lock-file.js';
import type { CachePaths } from '../../cache/paths.js';
import { readPendingRepair } from '../../cache/pending-repair.js';
import { readSegment } from '../../cache/rollups/read-segment.js';
import { ListCopies } from '../../src/ip/ranges/list-copies.js';
import { bare, CACHE, copyOfCache, put, samplesIn, sealed, sealOf } from './fixture.js';
import { fuzz } from './trials.js';

let paths: CachePaths;

beforeEach(() => {
  paths = copyOfCache();
});

describe('what stands in a cache, as damaged bytes and as bytes that somebody wrote so', () => {
  it('cache.json and its copy', async () => {
    const file = readCacheFile(paths);
    await fuzz('cache.json', {
      samples: [readFileSync(join(CACHE, 'cache.json'))],
      read(bytes) {
        put(paths.cacheFile, bytes);
        expect(readCacheFile(paths)).toMatchObject({ version: 1 });
      },
    });
    if (file !== undefined) writeCacheCopy(paths, file);
    rmSync(paths.cacheFile);
    expect(() => readCacheFile(paths)).toThrow(/missing/);
  });

  it('settings, coordinates, repairs and locks', async () => {
    const names = Buffer.from(
      '{"version":1,"otherwise":"first-component","prefixes":[["a/","One"],["aaa/","Two"],["b/","One"]]}\n',
    );
    const file = `${'0'.repeat(32)}.names`;
    put(join(paths.root, 'datasets', file), names);
    const settings = [
      '{"version":1,"datasets":{"rule":"level","level":2}}',
      `{"version":1,"datasets":{"rule":"names","file":"${'0'.repeat(32)}.names","sha256":"${sealOf('', names).sha256}","source":"/n","prefixes":3,"buckets":0}}`,
      '{"version":1,"datasets":{"rule":"pattern","pattern":"^(a+)/"},"skippedAddresses":{"nonce":"00","box":"00"}}',
    ];
    await fuzz('settings.json', {
      samples: settings.map((text) => Buffer.from(text)),
      read(bytes) {
        put(join(paths.root, 'settings.json'), bytes);
        const grouping = openGrouping(readGrouping(paths).setup);
        const key = Buffer.from('aaa/bbb/ccc        ');
        grouping.group(key, new DataView(key.buffer, key.byteOffset, key.length), 0, 11);
        expect(grouping.datasetLength).toBeLessThanOrEqual(grouping.length);
      },
    });
    await fuzz('names, written so', {
      samples: [names],
      read(bytes) {
        put(join(paths.root, 'datasets', file), bytes);
        const key = Buffer.from('aaa/bbb');
        const { sha256 } = sealOf(file, bytes);
        const grouping = new NamesGrouping(indexNames(readDatasetNames(paths, { file, sha256 })));
        grouping.group(key, new DataView(key.buffer), 0, key.length);
        expect(grouping.datasetLength).toBeLessThanOrEqual(grouping.length);
      },
    });
    await fuzz('coordinates.json', {
      samples: [
        Buffer.from(
          '{"US/Ohio":{"latitude":1,"longitude":2,"source":"opencage"},"XX":{"tried":{"a":"2026-01-01"}}}',
        ),
      ],
      read(bytes) {
        put(join(paths.root, 'ips', 'coordinates.json'), bytes);
        readCoordinateTable(paths);
      },
    });
    await fuzz('repair.json', {
      samples: [
        Buffer.from(
          '{"version":1,"mode":"generic","again":[{"source":"/data/logs","names":["a","b"]}]}',
        ),
      ],
      read(bytes) {
        put(join(paths.root, 'repair.json'), bytes);
        for (const { source, names } of readPendingRepair(paths)?.again ?? []) {
          expect([source, ...names].every((one) => typeof one === 'string')).toBe(true);
        }
      },
    });
    await fuzz('lock', {
      samples: [
        Buffer.from(
          JSON.stringify({
            generation: 7,
            token: 'a'.repeat(32),
            state: 'held',
            pid: 4242,
            host: 'h',
            boot: null,
            startedAt: null,
            since: '2026-11-23T06:13:49.123Z',
            command: 'extract',
          }),
        ),
      ],
      read(bytes) {
        put(join(paths.lock, '000000000007.json'), bytes);
        const lock = readHighestLock(paths);
        if (lock !== undefined) isHeld(lock, () => Date.now());
      },
    });
    await fuzz('state of ranges', {
      samples: [
        Buffer.from(
          '{"version":1,"lists":{"aws.json":{"source":"x","etags":{"a":"b"},"fetchedAt":"2026-01-01T00:00:00Z","bytes":5,"sha256":"00"}}}',
        ),
      ],
      read(bytes) {
        put(join(paths.root, 'ips', 'ranges', 'state.json'), bytes);
        put(join(paths.root, 'ips', 'ranges', 'aws.json'), bytes);
        new ListCopies(paths.root).read('aws.json', 1 << 20);
      },
    });
  });

  it('commit records', async () => {
    const commit = listCommits(paths)[0] as string;
    const path = join(paths.commits, `${commit}.json`);
    const sample = readFileSync(path);
    const damaged = await fuzz('commit, damaged', {
      samples: [sample],
      read(bytes) {
        put(path, bytes);
        readCommit(paths, commit);
      },
    });
    // But for mutations that change nothing.
    expect(damaged.get('CACHE_DAMAGED')).toBeGreaterThan(0);
    await fuzz('commit, written so', {
      samples: [bare(sample)],
      read(bytes) {
        put(path, sealed(bytes));
        const { records, rejects, files, lines } = readCommit(paths, commit);
        for (const { rows, bytes: size, file } of [...records, ...rejects, files]) {
          expect([Number.isSafeInteger(rows), Number.isSafeInteger(size), typeof file]).toEqual([
            true,
            true,
            'string',
          ]);
        }
        expect(Number.isSafeInteger(lines.kept)).toBe(true);
      },
    });
  });

  it('segments of records, by our own decoder', async () => {
    await fuzz('records', {
      samples: [...samplesIn('segments', '.records.'), ...samplesIn('segments', '.rejects.')].slice(
        0,
        2,
      ),
      read(bytes) {
        for (const part of readSegment(bytes)) {
          for (const { strings, ids } of [part.keys, part.requesters]) {
            if (ids.some((id) => id >= strings.count)) throw new Error('an id of no string');
            const { starts, ends } = strings;
            for (let i = 0; i < strings.count; i++) {
              const isWithin =
                (starts[i] as number) <= (ends[i] as number) &&
                (ends[i] as number) <= strings.bytes.length;
              if (!isWithin) throw new Error('a string beyond the end');
            }
          }
        }
      },
      // Told as a damaged segment by who asks for it.
      isExpected: (error) => error instanceof RangeError || error instanceof TypeError,
    });
  });

  it('ledgers', async () => {
    const commit = readCommit(paths, listCommits(paths)[0] as string);
    const path = join(paths.segments, commit.files.file);
    await fuzz('ledger', {
      samples: samplesIn('segments', '.files.'),
      async read(bytes) {
        put(path, bytes);
        const names = await readNames(path);
        expect(names?.every((name) => typeof name === 'string') ?? true).toBe(true);
        const rows = names?.length ?? commit.files.rows;
        const segment = { ...sealOf(commit.files.file, bytes), rows };
        for (const row of await readIdentities(paths, segment))
          expect(typeof row.name).toBe('string');
        await readKnownFiles(paths, segment);
      },
    });
  });
});

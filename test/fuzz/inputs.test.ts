import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../cache/configuration.js';
import { indexNames, NamesGrouping } from '../../cache/datasets/names-grouping.js';
import { readKeyFile } from '../../cache/key-file.js';
import { parseMapping, placesOf } from '../../src/datasets/mapping.js';
import { parseNames, readNamesFile } from '../../src/datasets/names-file.js';
import { readMapping } from '../../src/datasets/read-mapping.js';
import { LineFeeder } from '../../src/extract/line-feeder.js';
import {
  LargeContentError,
  readLogFile,
  readSmallFile,
  UnreadableFileError,
} from '../../src/extract/read-log-file.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount } from '../../src/extract/scan-lines.js';
import { FernetOpener } from '../../src/import/fernet.js';
import { peerObjects } from '../../src/import/peer-cache.js';
import { readPeerLedger } from '../../src/import/peer-ledger.js';
import { PeerObjectError, peerRecords } from '../../src/import/peer-records.js';
import { openMmdbWalk } from '../../src/ip/coordinates/mmdb-walk.js';
import { openMmdbLookup } from '../../src/ip/lookup/mmdb-lookup.js';
import { logPath } from '../../src/source/log-path.js';
import { lineBytes, validLines } from '../extract/line-arbitraries.js';
import { writeMmdb } from '../support/mmdb-writer.js';
import { rawIp } from '../support/raw-ip.js';
import { scratchDirectory } from '../support/scratch.js';
import { compressedBlocks, zstdFrame } from '../support/zstd-frames.js';
import { put } from './fixture.js';
import { fuzz } from './trials.js';

let scratch: string;

beforeEach(() => {
  scratch = scratchDirectory();
});

describe('what is given to the program', () => {
  const batch = new RecordBatch({ rows: 1 << 16, keyBytes: 1 << 24 });
  const feeder = new LineFeeder(batch);
  const text = fc
    .sample(validLines, { seed: 3, numRuns: 30 })
    .map((line) => lineBytes(line).toString('latin1'));
  const log = Buffer.from(text.map((line) => `${line}\n`).join(''), 'latin1');

  it('logs, plain, gzip and zstd', async () => {
    const bomb = gzipSync(Buffer.alloc(48 << 20, 'x'));
    const refused = await fuzz('logs', {
      samples: [
        log,
        gzipSync(log),
        zstdFrame(log, compressedBlocks(log), { checksum: true }),
        Buffer.concat([gzipSync(log), gzipSync(log)]),
      ],
      async read(bytes) {
        const path = put(join(scratch, 'log'), bytes);
        const { size, mtimeMs } = statSync(path);
        const file = { path: logPath(path), sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
        const account = emptyAccount();
        batch.clear();
        feeder.begin('log', account);
        const onProgress = () => batch.clear();
        if (readSmallFile(file, feeder, onProgress) === undefined) {
          await readLogFile(file, false, feeder, onProgress);
        }
        const { kept, skipped, rejected } = account;
        if (kept + skipped + rejected !== account.lines) throw new Error('a line without account');
      },
      isExpected: (error) =>
        error instanceof UnreadableFileError || error instanceof LargeContentError,
    });
    expect(bomb.length).toBeLessThan(1 << 17);
    expect(refused.get('expected')).toBeGreaterThan(0);
  });

  it('mappings of content', async () => {
    const mapping = Buffer.from(
      JSON.stringify({
        'a1a1a1a1-0000-4000-8000-000000000001': { '000001': 'x/y.nwb' },
        'b2b2b2b2-0000-4000-8000-000000000002': { '000001': ['p', 'q'], '000002': 'z' },
        'c3c3c3c3-0000-4000-8000-000000000003': {},
      }),
    );
    const refused = await fuzz('mapping', {
      samples: [mapping, gzipSync(mapping)],
      async read(bytes) {
        const links = await readMapping(put(join(scratch, 'mapping'), bytes));
        for (const { content, dataset, path } of placesOf(links, 'undetermined', 'mapping')) {
          expect(
            [content, dataset, path].every((part) => typeof part === 'string' && part !== ''),
          ).toBe(true);
        }
      },
    });
    expect([...refused.keys()]).toEqual(['MAPPING_UNUSABLE']);
    expect(() => parseMapping(`${'['.repeat(1e6)}`, 'x')).toThrow(/not JSON/);
  });

  it('names of datasets', async () => {
    const texts = [
      '# x\nversion: 1\nprefixes:\n  ds1/: One\n  raw/2019/: "a: b"\n  "%20/": ü\notherwise: unassociated\n',
      "version: 1\nbuckets:\n  openneuro.org: 'one''s'\n  b:\n    two\n    lines\nprefixes:\n  a/: |-\n    text\n",
      'version: 1\nprefixes:\n  a: &x b\n  c: *x\n  d: !!str e\n  ? f\n  : {g: [h]}\n',
    ];
    const refused = await fuzz('names', {
      samples: texts.slice(0, 2).map((text) => Buffer.from(text)),
      read(bytes) {
        const names = readNamesFile(put(join(scratch, 'names'), bytes));
        const parts = names.prefixes.flat();
        const areTexts = parts.every((part) => part !== '' && !/[\p{Cc}\p{Cs}]/u.test(part));
        expect([areTexts, names.prefixes.length > 0]).toEqual([true, true]);
        const grouping = new NamesGrouping(indexNames(names));
        const key = Buffer.from('ds1/x');
        grouping.group(key, new DataView(key.buffer), 0, key.length);
        expect(grouping.datasetLength).toBeGreaterThan(0);
      },
    });
    expect([...refused.keys()]).toEqual(['INVALID_NAMES']);
    expect(() => parseNames(texts[2] as string, 'x')).toThrow(/line 3: it has an anchor/);
  });

  it('configurations and key files', async () => {
    const env = { S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config') };
    await fuzz('configuration', {
      samples: [Buffer.from('{\n  "cache": "/data/cache",\n  "source": "/data/logs"\n}\n')],
      read(bytes) {
        put(join(scratch, 'config', 'config.json'), bytes);
        const { cache, source } = readConfiguration(env);
        for (const value of [cache, source])
          expect(['string', 'undefined']).toContain(typeof value);
      },
    });
    const refused = await fuzz('key file', {
      samples: [Buffer.from(`${'0123456789abcdef'.repeat(4)}\n`)],
      read(bytes) {
        chmodSync(put(join(scratch, 'config', 'key'), bytes), 0o600);
        expect(readKeyFile(env)).toHaveLength(32);
      },
    });
    expect([...refused.keys()]).toEqual(['KEY_FILE_DAMAGED']);
  });

  it('databases of places', async () => {
    const database = (recordSize: 24 | 28 | 32) =>
      writeMmdb(
        [
          [
            '1.0.0.0/8',
            { country: { iso_code: 'AU' }, location: { latitude: -27.5, longitude: 153 } },
          ],
          [
            '2001:db8::/32',
            { country: { iso_code: 'DE' }, subdivisions: [{ names: { en: 'Berlin' } }] },
          ],
        ],
        { recordSize },
      );
    const addresses = ['1.2.3.4', '2001:db8::1', '9.9.9.9'].map(rawIp);
    await fuzz('mmdb', {
      samples: [database(24), database(28), database(32)],
      async read(bytes) {
        const path = put(join(scratch, 'places.mmdb'), bytes);
        const walk = openMmdbWalk(path);
        try {
          await walk.records(
            () => true,
            () => {},
            () => false,
          );
        } finally {
          walk.close();
        }
        const lookup = await openMmdbLookup(path);
        const { results } = await lookup.lookUp(addresses);
        for (const region of results) expect(region).toMatch(/^[^\p{Cc}]+$/u);
      },
    });
  });

  it('caches of the Python tool, encrypted or not', async () => {
    const opener = new FernetOpener('a password of tests', 'salt');
    const peer = join(scratch, 'peer');
    const files = {
      'timestamps.txt': '240703100000\n240703100001\n240704000000\n',
      'bytes_sent.txt': '5\n6\n77777\n',
      'ips.txt': '198.51.100.1\n2001:db8::7\n-\n',
      'download.txt': '1\n0\n1\n',
    };
    const folder = join(peer, 'extraction', 'ds1', 'a.nwb');
    const words = new Uint32Array(4);
    for (const name of Object.keys(files) as (keyof typeof files)[]) {
      for (const [other, text] of Object.entries(files))
        put(join(folder, other), Buffer.from(text));
      await fuzz(`peer ${name}`, {
        samples: [Buffer.from(files[name]), Buffer.from(`gAAAA${'AbCdEf0123-_'.repeat(12)}`)].slice(
          0,
          name === 'ips.txt' ? 2 : 1,
        ),
        read(bytes) {
          put(join(folder, name), bytes);
          for (const object of peerObjects(peer)) {
            for (const record of peerRecords(object, () => opener, words)) {
              expect(Number.isSafeInteger(record.timeSeconds)).toBe(true);
            }
          }
        },
        // It is told as an object left out.
        isExpected: (error) =>
          error instanceof PeerObjectError ||
          (error as { code?: string }).code === 'PEER_CACHE_UNUSABLE',
      }).catch((error) => {
        // A sample in the form of a token is refused from the start.
        if (error.code === undefined) throw error;
      });
    }
    await fuzz('peer ledger', {
      samples: [Buffer.from('2024/2024-07-03-10-00-00-0123456789ABCDEF\n/data/logs/x.log\n')],
      read(bytes) {
        put(join(peer, 'records', 'S3LogAccessExtractor_file-processing-end.txt'), bytes);
        readPeerLedger(peer, '/data/logs');
      },
    });
    expect(opener.open(Buffer.from('gAAAA'))).toBeUndefined();
  });
});

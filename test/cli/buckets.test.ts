import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { writePeerCache } from '../support/peer-cache-writer.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

/** Requests for objects of the same keys in all buckets, by turns. */
const BUCKETS = ['openneuro.org', 'openneuro-old', 'dandi', '-', 'a/b', 'a"b'];
interface BucketLine extends TruthLine {
  readonly bucket: string;
}
const lines: BucketLine[] = [];
for (let n = 0; n < 360; n++) {
  const key = `ds${Math.floor(n / 6) % 2}/file${n % 5}`;
  const bucket = BUCKETS[n % BUCKETS.length] as string;
  // Some for the careful parser.
  const agent = n % 11 === 0 ? 'x [y' : 'aria2/1.36.0';
  lines.push({
    ...{ bucket, key, agent, time: 1_700_000_000 + n * 9000 },
    ...{ client: n % 60, bytes: BigInt(n * n) },
  });
}

function textOf(all: readonly BucketLine[]): string {
  return all.map((line) => logText([line]).replace('bucket-of-tests', line.bucket)).join('');
}

/** The tables by a rule of where records are. */
function expectedBy(place: (bucket: string, key: string) => string, all = lines) {
  const moved = recordsOf(all).map((record, n) => {
    const { bucket } = all[n] as BucketLine;
    return { ...record, key: place(/["/]/.test(bucket) ? '-' : bucket, record.key) };
  });
  const folders: Readonly<Record<string, string>> = { '-': '%2D' };
  return expectedTree(moved, (dataset) => folders[dataset] ?? dataset);
}
const byBucket = (bucket: string, key: string): string => `${bucket}/${key}`;

let sandbox: Sandbox;
const published = (): Map<string, string> => readTree(join(sandbox.cache, 'summaries'));
beforeEach(async () => {
  sandbox = new Sandbox();
  sandbox.write('one', textOf(lines.slice(0, 200)));
  const report = await sandbox.done('extract', 'logs', '--mode', 'buckets');
  expect(report.lines).toMatchObject({ total: 200, kept: 200 });
});

describe('in buckets mode', () => {
  it('datasets are buckets, which stay apart, and the mode is remembered', async () => {
    sandbox.write('two', textOf(lines.slice(200)));
    await sandbox.done('update', '--from', 'logs');
    expect(published()).toEqual(expectedBy(byBucket));
    await sandbox.done('update', 'summaries', '--dataset-level', '2');
    await sandbox.done('update');
    const names = [...published().keys()].filter((name) => name.endsWith('by_asset.tsv'));
    expect(names).toContain('dandi%2Fds1/by_asset.tsv');
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
  });

  it('buckets have the names that a file gives them, and prefixes begin with a bucket', async () => {
    sandbox.write('two', textOf(lines.slice(200)));
    const names = [
      ...['version: 1', 'prefixes:', '  dandi/ds1/: dandisets', 'buckets:'],
      ...['  openneuro.org: OpenNeuro', '  openneuro-old: OpenNeuro', '  "-": none'],
    ];
    writeFileSync(join(sandbox.root, 'names.yaml'), names.join('\n'));
    await sandbox.done('update', '--from', 'logs', '--names', 'names.yaml');
    const placed = expectedBy((bucket, key) => {
      if (bucket.startsWith('openneuro')) return `OpenNeuro/${bucket}/${key}`;
      if (bucket === '-') return `none/${key}`;
      return key.startsWith('ds1/') ? key.replace('ds1/', 'dandisets/') : `${bucket}/${key}`;
    });
    expect(published()).toEqual(placed);
    await sandbox.done('update', '--from', 'logs');
    expect(published()).toEqual(placed);
  });

  it('a damaged commit is extracted again as it was', async () => {
    const folder = join(sandbox.cache, 'segments');
    const [records] = readdirSync(folder).filter((name) => name.includes('.records.'));
    const bytes = readFileSync(join(folder, records as string));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(join(folder, records as string), bytes);
    await sandbox.done('repair');
    await sandbox.done('update');
    expect(published()).toEqual(expectedBy(byBucket, lines.slice(0, 200)));
  });

  it('structured records and what is watched are taken alike', async () => {
    const [line] = lines as [BucketLine];
    const record = {
      ...{ schema_version_id: 'V_1_0', bucket_name: 'dandi', remote_ip: null },
      ...{ request_time: new Date(line.time * 1000).toISOString(), operation: 'REST.GET.OBJECT' },
      ...{ key_name: 'ds0/file0', http_status: 200, bytes_sent_size: 7 },
    };
    mkdirSync(join(sandbox.root, 'spool'));
    writeFileSync(join(sandbox.root, 'spool/log'), `${JSON.stringify(record)}\n`);
    const once = ['--once', '--settle', '0', '--then', 'summaries'];
    expect((await sandbox.run(['watch', 'spool', ...once])).status).toBe(0);
    await sandbox.done('update');
    const more = { ...line, bucket: 'dandi', key: 'ds0/file0', client: 0, bytes: 7n };
    expect(published()).toEqual(expectedBy(byBucket, [...lines.slice(0, 200), more]));
  });

  it('nothing of another mode is taken in, nor what does not know its bucket', async () => {
    sandbox.write('two', textOf(lines.slice(200)));
    for (const mode of ['generic', 'dandi']) {
      const ended = await sandbox.run(['extract', 'logs', '--mode', mode]);
      expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining('buckets mode')]);
    }
    const peer = join(sandbox.root, 'peer');
    mkdirSync(join(peer, 'records'), { recursive: true });
    mkdirSync(join(peer, 'extraction'));
    writePeerCache(peer, lines.slice(200), ['logs/two'], {});
    const ended = await sandbox.run(['import', peer]);
    expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining('buckets mode')]);
    const dandi = await sandbox.run(['update', 'summaries', '--mode', 'dandi']);
    expect([dandi.status, dandi.stderr]).toEqual([2, expect.stringContaining('buckets mode')]);
    expect((await sandbox.done('status')).files).toBe(1);
  });

  it('names of buckets are for nothing else, also when all is extracted anew', async () => {
    writeFileSync(join(sandbox.root, 'names.yaml'), 'version: 1\nbuckets:\n  dandi: DANDI\n');
    await sandbox.done('update', 'summaries', '--names', 'names.yaml');
    await sandbox.done('reset', 'extraction', '--yes');
    await sandbox.done('update', 'summaries');
    const none = await sandbox.run(['update', 'summaries', '--names', 'names.yaml']);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('no records yet')]);
    await sandbox.done('extract', 'logs', '--mode', 'generic');
    const saved = await sandbox.run(['update']);
    expect([saved.status, saved.stderr]).toEqual([2, expect.stringContaining('--dataset-level 1')]);
    await sandbox.done('update', 'summaries', '--dataset-level', '1');
    await sandbox.done('update');
    expect(published()).toEqual(expectedBy((_, key) => key, lines.slice(0, 200)));
  });
});

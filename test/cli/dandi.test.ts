import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { type DandiServer, dandiServer } from '../support/dandi-server.js';
import { blobKey, expectedDandi, uuid } from '../support/dandi-truth.js';
import { readTree } from '../support/published-tree.js';
import { logText, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});

const DAY = 86_400;
/** A Sunday. */
const START = Date.UTC(2024, 5, 2, 23, 59, 58) / 1000;

/** Two hundred requests for blobs and chunks of stores, over some weeks, and some that are no content. */
function makeLines(): TruthLine[] {
  const lines: TruthLine[] = [];
  for (let n = 0; n < 240; n++) {
    const id = uuid(n % 9);
    const key =
      n % 9 === 7
        ? `zarr/${uuid(7)}/0/0/${n}`
        : n % 9 === 8
          ? `zarr/${uuid(8)}/.zattrs`
          : blobKey(id);
    const time = START + (n % 17) * DAY + n;
    lines.push({
      key,
      time,
      client: n % 70,
      bytes: BigInt(n) * 10n ** 9n,
      status: n % 4 ? 200 : 206,
    });
  }
  const others = [
    'dandiarchive/data/000001/x.nwb',
    'blobs/abc/def/not-a-uuid',
    `blobs/abc/def/${uuid(1)}`,
    `${blobKey(uuid(1))}/x`,
    'zarr/',
    'zarr',
    `ros3test/${uuid(1)}`,
  ];
  for (const key of others) lines.push({ key, time: START, client: 1, bytes: 5n });
  return lines;
}

/** By every rule: an asset, one of two paths, one of two dandisets, and none. */
const MAPPING = {
  [uuid(0)]: { '000003': 'sub-1/a.nwb' },
  [uuid(1)]: { '000003': 'sub-1/b.NWB.avi' },
  [uuid(2)]: { '000003': 'sub-2/v.avi', '100001': 'v.avi' },
  [uuid(3)]: { '000003': ['one.txt', 'two.txt'] },
  [uuid(4)]: { '100001': 'sub-1/a.nwb' },
  [uuid(7)]: { '000003': 'micr/x.ome.zarr' },
  [uuid(8)]: { '100001': 'y.zarr' },
  [uuid(30)]: { '000900': 'never/asked.nwb' },
};

function placeOf(content: string): string {
  const places: Record<string, string> = {
    [uuid(0)]: '000003/sub-1/a.nwb',
    [uuid(1)]: '000003/sub-1/b.NWB.avi',
    [uuid(2)]: `undetermined/${uuid(2)}`,
    [uuid(3)]: '000003/undetermined',
    [uuid(4)]: '100001/sub-1/a.nwb',
    [uuid(7)]: '000003/micr/x.ome.zarr',
    [uuid(8)]: '100001/y.zarr',
  };
  return places[content] ?? `unassociated/${content}`;
}

function published(): Map<string, string> {
  return readTree(join(sandbox.cache, 'summaries'));
}

function saveMapping(name = 'mapping.json.gz', mapping: unknown = MAPPING): string {
  const path = join(sandbox.root, name);
  const text = JSON.stringify(mapping);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

async function publishAll(...options: string[]): Promise<void> {
  await sandbox.done('update', 'summaries', '--mode', 'dandi', ...options);
  await sandbox.done('update');
}

describe('dandi mode', () => {
  it('publishes dandisets, their assets and weeks as the mapping says, to the byte', async () => {
    const lines = makeLines();
    sandbox.write('log', logText(lines));
    const report = await sandbox.done('extract', 'logs', '--mode', 'dandi');
    expect(report.lines).toMatchObject({ total: 247, kept: 240, skipped: 7 });
    expect(report.lines.notes.key_not_content).toBe(7);
    const mapping = ['--mapping', saveMapping()];
    await sandbox.done('update', 'summaries', '--mode', 'dandi', ...mapping);
    await sandbox.done('update', 'summaries', '--mode', 'archive');
    await sandbox.done('update', 'totals', '--mode', 'dandi');
    await sandbox.done('update', 'totals', '--mode', 'archive');
    expect(published()).toEqual(expectedDandi(lines, placeOf));
    // Sums by week stand among those of assets.
    expect((await sandbox.done('validate', 'cache')).findings).toEqual([]);
  });

  it('keeps one key of a Zarr store, whatever was asked for in it', async () => {
    sandbox.write('log', logText(makeLines()));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    const connection = await (await DuckDBInstance.create()).connect();
    const files = join(sandbox.cache, 'segments', '*.records.parquet');
    const reader = await connection.runAndReadAll(
      `SELECT DISTINCT key FROM read_parquet('${files}') WHERE key LIKE 'zarr/%' ORDER BY key`,
    );
    connection.closeSync();
    expect(reader.getRows().flat()).toEqual([`zarr/${uuid(7)}`, `zarr/${uuid(8)}`].sort());
  });

  it('remembers the mode and the mapping, so that the nightly line is "update"', async () => {
    const lines = makeLines();
    sandbox.write('one', logText(lines.slice(0, 100)));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    await sandbox.done('update', 'summaries', '--mode', 'dandi', '--mapping', saveMapping());
    sandbox.write('two', logText(lines.slice(100)));
    await sandbox.done('update', '--from', 'logs');
    expect(published()).toEqual(expectedDandi(lines, placeOf));
  });

  it('applies a new mapping without a new extraction', async () => {
    const lines = makeLines();
    sandbox.write('log', logText(lines));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    const path = saveMapping('mapping.json');
    await publishAll('--mapping', path);
    saveMapping('mapping.json', { ...MAPPING, [uuid(5)]: { '000004': 'new.mp4' } });
    await publishAll();
    const place = (content: string) => (content === uuid(5) ? '000004/new.mp4' : placeOf(content));
    expect(published()).toEqual(expectedDandi(lines, place));
  });

  it('gives shared content to the first dandiset when asked to', async () => {
    const lines = makeLines();
    sandbox.write('log', logText(lines));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    await publishAll('--mapping', saveMapping(), '--shared', 'first');
    const place = (content: string) =>
      content === uuid(2)
        ? '000003/sub-2/v.avi'
        : content === uuid(3)
          ? '000003/one.txt'
          : placeOf(content);
    expect(published()).toEqual(expectedDandi(lines, place));
  });

  it('tells what share of bytes has no dandiset', async () => {
    sandbox.write(
      'log',
      logText([
        { key: blobKey(uuid(0)), time: START, client: 1, bytes: 50n },
        { key: blobKey(uuid(2)), time: START, client: 1, bytes: 30n },
        { key: blobKey(uuid(6)), time: START, client: 1, bytes: 20n },
      ]),
    );
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    const mapping = saveMapping();
    const { unlinked } = await sandbox.done(
      'update',
      'summaries',
      '--mode',
      'dandi',
      '--mapping',
      mapping,
    );
    expect(unlinked).toEqual({
      unassociated: { bytes: '20', shareOfBytes: 0.2 },
      undetermined: { bytes: '30', shareOfBytes: 0.3 },
    });
    const told = await sandbox.run(['update', 'summaries']);
    expect(told.stdout).toContain('20.00 % are unassociated and 30.00 % undetermined');
  });

  it('refuses to mix records of two modes', async () => {
    sandbox.write('log', logText(makeLines()));
    await sandbox.done('extract', 'logs');
    sandbox.write('more', logText(makeLines()));
    const ended = await sandbox.run(['extract', 'logs', '--mode', 'dandi']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('extracted in generic mode, not in dandi mode');
  });

  it('keeps its dandisets and its mapping when datasets by keys are asked for', async () => {
    const lines = makeLines();
    sandbox.write('log', logText(lines));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    await publishAll('--mapping', saveMapping());
    const before = published();
    for (const rule of [
      ['--dataset-level', '1'],
      ['--dataset-pattern', '^(blobs)/'],
    ]) {
      const ended = await sandbox.run(['update', 'summaries', ...rule]);
      expect([ended.status, ended.stderr]).toEqual([
        2,
        expect.stringMatching(/dandi mode, and its datasets are dandisets[\s\S]*--cache/),
      ]);
    }
    await sandbox.done('update');
    expect(published()).toEqual(before);
    const unknown = await sandbox.run(['update', 'summaries', '--pick', 'nosuch']);
    expect(unknown.stderr).toMatch(/nosuch[\s\S]*identifiers of dandisets/);
  });

  it('is nothing for a cache of generic mode, which keeps its tables', async () => {
    sandbox.write('log', logText(makeLines()));
    await sandbox.done('update', '--from', 'logs');
    const before = published();
    for (const line of [
      ['update', 'summaries', '--mode', 'dandi'],
      ['update', 'summaries', '--mapping', saveMapping()],
      ['update', 'summaries', '--shared', 'first'],
      ['update', 'totals', '--mode', 'dandi'],
    ]) {
      const ended = await sandbox.run(line);
      expect([line, ended.status, ended.stderr]).toEqual([
        line,
        2,
        expect.stringContaining('was extracted in generic mode'),
      ]);
    }
    await sandbox.done('update');
    expect(published()).toEqual(before);
  });

  it('says what is wrong with a mapping, and publishes nothing of it', async () => {
    sandbox.write('log', logText(makeLines()));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
    const bad = [
      ['{"a": ', 'it is not JSON'],
      ['[]', 'it is not a JSON object'],
      ['{}', 'it is empty'],
      [JSON.stringify({ [uuid(1)]: {} }), 'it links no id of content'],
      // The other way round.
      [JSON.stringify({ '000003': { 'a.nwb': uuid(1) } }), 'it links no id of content'],
      ['{"a": "b"}', 'linked to nothing'],
      ['{"a": {"000001": 7}}', 'no text'],
      ['{"a": {"000001": []}}', 'no text'],
    ];
    for (const [text, why] of bad) {
      writeFileSync(join(sandbox.root, 'bad.json'), text as string);
      const ended = await sandbox.run(['update', 'summaries', '--mapping', 'bad.json']);
      expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining(why as string)]);
    }
    writeFileSync(join(sandbox.root, 'bad.json.gz'), gzipSync('{}').subarray(0, 12));
    const ended = await sandbox.run(['update', 'summaries', '--mapping', 'bad.json.gz']);
    expect(ended.stderr).toContain('its gzip is damaged');
    expect(published().size).toBe(0);
  });
});

describe('a mapping from servers', () => {
  const lines = makeLines();
  let server: DandiServer;
  beforeEach(async () => {
    server = await dandiServer({
      '000003': {
        draft: {
          modified: '2024-01-01T00:00:00Z',
          assets: [
            { path: 'sub-1/a.nwb', blob: uuid(0) },
            { path: 'sub-2/v.avi', blob: uuid(2) },
            { path: 'one.txt', blob: uuid(3) },
            { path: 'two.txt', blob: uuid(3) },
            { path: 'micr/x.ome.zarr', zarr: uuid(7) },
          ],
        },
        '0.230101.1200': {
          modified: '2023-01-01T00:00:00Z',
          assets: [{ path: 'sub-1/b.NWB.avi', blob: uuid(1) }],
        },
      },
      '100001': {
        draft: {
          modified: '2024-01-01T00:00:00Z',
          assets: [
            { path: 'v.avi', blob: uuid(2) },
            { path: 'sub-1/a.nwb', blob: uuid(4) },
            { path: 'y.zarr', zarr: uuid(8) },
          ],
        },
      },
      '000900': { draft: { modified: '2024-01-01T00:00:00Z', assets: [] } },
    });
    server.mapping = MAPPING;
    sandbox.write('log', logText(lines));
    await sandbox.done('extract', 'logs', '--mode', 'dandi');
  });

  it('is read from a URL, and an old one serves while the server is down', async () => {
    const url = `${server.url}/mapping.json.gz`;
    await publishAll('--mapping', `${url}?token=secret`);
    expect(published()).toEqual(expectedDandi(lines, placeOf));
    expect(readFileSync(join(sandbox.cache, 'settings.json'), 'utf8')).not.toContain('secret');
    server.failures = { status: 404, after: 0 };
    const ended = await sandbox.run(['update', 'summaries']);
    expect(ended.status).toBe(0);
    expect(ended.stderr).toContain('is used in its place');
    expect(published()).toEqual(expectedDandi(lines, placeOf));
  });

  it('is made from the pages of an API', async () => {
    await publishAll('--api-url', `${server.url}/api`);
    expect(published()).toEqual(expectedDandi(lines, placeOf));
  });

  it('goes on where it ended, and asks again only for what has changed', async () => {
    server.failures = { status: 404, after: 8 };
    const api = ['--api-url', `${server.url}/api`];
    const failed = await sandbox.run(['update', 'summaries', ...api]);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('answered with status 404');
    server.failures = undefined;
    await publishAll(...api);
    server.requests.length = 0;
    await sandbox.done('update', 'summaries');
    expect(server.requests.filter((path) => path.includes('/assets/'))).toEqual([]);
    const draft = server.content['000003']?.draft;
    if (draft === undefined) throw new Error('no draft');
    draft.modified = '2025-01-01T00:00:00Z';
    draft.assets = draft.assets.slice(1);
    await publishAll();
    const asked = server.requests.filter((path) => path.includes('/assets/'));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((path) => path.includes('/000003/versions/draft/'))).toBe(true);
    // Gone from the draft, but once linked.
    expect(published()).toEqual(expectedDandi(lines, placeOf));
  });

  it('that sends elsewhere is not followed', async () => {
    server.content = { 'x/../../evil': { draft: { modified: '', assets: [] } } };
    const ended = await sandbox.run(['update', 'summaries', '--api-url', `${server.url}/api`]);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('it names something no "identifier" should be');
  });
});

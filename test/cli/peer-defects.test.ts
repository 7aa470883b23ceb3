import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});

function lineOf(key: string, more: Partial<TruthLine> = {}): TruthLine {
  return { key, time: 1_700_000_000, client: 1, bytes: 10n, ...more };
}

/** Extract and publish lines, and require every byte of what they come to. */
async function published(lines: readonly TruthLine[], name = 'log'): Promise<Map<string, string>> {
  sandbox.write(name, logText(lines));
  const { extraction } = await sandbox.done('update', '--from', 'logs');
  expect(extraction.lines).toMatchObject({ total: lines.length, rejected: 0 });
  const tree = readTree(join(sandbox.cache, 'summaries'));
  expect(tree).toEqual(expectedTree(recordsOf(lines)));
  return tree;
}

/** What earlier tools for the same job are known to do wrong, and this one does not. */
describe('known defects of others', () => {
  it('keys never reach a shell', async () => {
    const keys = [
      '$(touch$IFS./pwned)',
      '`touch$IFS./pwned`',
      ';touch$IFS./pwned;',
      '|touch$IFS./pwned',
      "'x'",
      '&&',
      '--x',
    ];
    await published(keys.map((key) => lineOf(`ds1/${key}`)));
    const all = readdirSync(sandbox.root, { recursive: true }).map(String);
    expect(all.filter((name) => name.includes('pwned'))).toEqual([]);
  });

  it('"../" in keys leads nowhere outside of the folder of its dataset', async () => {
    const before = readdirSync(sandbox.root).sort();
    const up = '../'.repeat(12);
    await published([lineOf('../../x'), lineOf(`${up}tmp/x`), lineOf(`ds1/${up}x`), lineOf('..')]);
    expect(readdirSync(sandbox.root).sort()).toEqual([...before, 'cache', 'config'].sort());
    const folders = readdirSync(join(sandbox.cache, 'summaries'), { withFileTypes: true });
    expect(
      folders
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['%2E%2E', 'archive', 'ds1']);
  });

  it('requests by HTTP/2, and keys that hold "HTTP/1.", are counted', async () => {
    const protocols = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/2.0', 'HTTP/3'];
    const lines = protocols.map((protocol) => lineOf('ds1/x', { protocol }));
    const keys = ['ds1/HTTP/1.1', 'ds1/HTTP/1.', 'ds1/HTTP/1.1/x', 'HTTP/1.0/y'];
    const tree = await published([...lines, ...keys.map((key) => lineOf(key))]);
    expect(tree.get('archive_totals.json')).toContain('"total_bytes_sent": 90,');
  });

  it('requesters with spaces do not shift the fields after them', async () => {
    const requester = 'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID';
    await published([lineOf('ds1/x', { requester }), lineOf('ds1/y', { requester, client: 2 })]);
  });

  it('keys that end in ".txt", ".tsv" or ".parquet" are keys as any other', async () => {
    await published(
      ['ds1/a.txt', 'ds1/a', 'ds1/a.txt/b.txt', 'ds1.txt', 'by_day.tsv/x.parquet'].map((key) =>
        lineOf(key),
      ),
    );
  });

  it('files of any name are read, not only those ending in ".log"', async () => {
    const names = ['2024-03-01-00-00-00-ABCDEF0123456789', 'x.txt', 'y', 'z.log', 'a.b.c', '1'];
    for (const name of names) sandbox.write(name, logText([lineOf('ds1/x')]));
    const { files } = await sandbox.done('extract', 'logs');
    expect(files).toEqual({ found: 6, known: 0, extracted: 6, failed: 0 });
  });

  it('an interrupted run needs no reset, and no file counts as done before its data is there', async () => {
    const path = sandbox.write('0', logText([lineOf('ds1/x'), lineOf('ds1/y')]).repeat(10_000));
    for (let i = 1; i < 60; i++) linkSync(path, join(sandbox.logs, String(i)));
    const { child, ended } = sandbox.start(['extract', 'logs', '--workers=1']);
    await sandbox.segmentsBegun();
    child.kill('SIGKILL');
    await ended;
    const status = await sandbox.done('status');
    expect(status.lines.total).toBe(status.files * 20_000);
    const next = await sandbox.run(['extract', 'logs', '--json']);
    expect([next.status, next.stderr]).toEqual([0, '']);
    expect(next.json.files.known + next.json.files.extracted).toBe(60);
    expect((await sandbox.done('status')).lines.kept).toBe(60 * 20_000);
  });

  it('the key is derived once in a run, however many files it reads', async () => {
    for (let i = 0; i < 300; i++) sandbox.write(`log-${i}`, logText([lineOf('ds1/x')]));
    const count = join(sandbox.root, 'derivations');
    const hook = join(sandbox.root, 'hook.mjs');
    writeFileSync(
      hook,
      `import crypto from 'node:crypto';
       import { appendFileSync } from 'node:fs';
       import { syncBuiltinESMExports } from 'node:module';
       for (const name of ['scrypt', 'scryptSync', 'pbkdf2', 'pbkdf2Sync']) {
         const original = crypto[name];
         crypto[name] = (...args) => {
           appendFileSync(${JSON.stringify(count)}, 'x');
           return original(...args);
         };
       }
       syncBuiltinESMExports();`,
    );
    const env = {
      S3_LOG_EXTRACTION_PASSWORD: 'nine quiet rivers under snow',
      NODE_OPTIONS: `--import=${hook}`,
    };
    for (const runs of [1, 2]) {
      const command = ['update', '--from', 'logs', '--workers=3'];
      expect((await sandbox.run(command, { env })).status).toBe(0);
      expect(readFileSync(count, 'utf8')).toBe('x'.repeat(runs));
    }
  });

  it('no address stands in plain text in any file, also not of requests for one', async () => {
    await published(Array.from({ length: 60 }, (_, i) => lineOf('ds1/x', { client: 1 + i })));
    for (const [path, text] of readTree(sandbox.cache)) {
      expect([path, /198\.51\.|2001:db8/i.test(text)]).toEqual([path, false]);
    }
  });

  it('--pick and --skip are honoured, and exclude each other', async () => {
    sandbox.write('log', logText(['a', 'b', 'c'].map((dataset) => lineOf(`${dataset}/x`))));
    await sandbox.done('extract', 'logs');
    const folders = () => readdirSync(join(sandbox.cache, 'summaries')).sort();
    await sandbox.done('update', 'summaries', '--pick', 'b');
    expect(folders()).toEqual(['b']);
    await sandbox.done('update', 'summaries', '--skip', 'a,b');
    expect(folders()).toEqual(['b', 'c']);
    const both = await sandbox.run(['update', 'summaries', '--pick=a', '--skip=b', '--json']);
    expect([both.status, both.json.error.message]).toEqual([2, expect.stringContaining('exclude')]);
    const none = await sandbox.run(['update', 'summaries', '--pick=a,nowhere', '--json']);
    expect([none.status, none.json.error.code]).toEqual([1, 'UNKNOWN_DATASET']);
    expect(folders()).toEqual(['b', 'c']);
    const archive = ['update', 'summaries', '--mode=archive', '--pick=a'];
    expect((await sandbox.run(archive)).status).toBe(2);
  });

  it('--workers is honoured, and what makes no sense is refused', async () => {
    sandbox.write('log', logText([lineOf('a/x')]));
    for (const workers of ['-1', '-64', '5']) {
      expect((await sandbox.run(['extract', 'logs', `--workers=${workers}`])).status).toBe(0);
    }
    expect((await sandbox.run(['extract', 'logs', '--workers=0'])).status).toBe(2);
  });

  it('archive tables and totals come from exact sums: 40 and 40 make 80, not 0', async () => {
    const lines = ['a', 'b'].flatMap((dataset) =>
      Array.from({ length: 40 }, (_, i) => lineOf(`${dataset}/x`, { client: 1 + i })),
    );
    const tree = await published(lines);
    expect(tree.get('a/by_day.tsv')).toContain('\t<50\t<50\n');
    expect(tree.get('archive/by_day.tsv')).toContain('\t80\t80\n');
    // The same forty requesters: a union, not a sum.
    expect(tree.get('archive/requester_count.tsv')).toBe('<50');
  });

  it('regions that are a bare country do not end totals', async () => {
    await published([lineOf('a/x'), lineOf('a/y', { client: 2 })]);
    const folder = join(sandbox.cache, 'ips', 'regions');
    mkdirSync(folder, { mode: 0o700 });
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT requester, 'US' AS region, 0::BIGINT AS checked, false AS provisional
             FROM (SELECT DISTINCT requester FROM read_parquet('${sandbox.cache}/segments/*.records.parquet')))
       TO '${folder}/a.parquet' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    await sandbox.done('update');
    const totals = JSON.parse(readFileSync(join(sandbox.cache, 'summaries/totals.json'), 'utf8'));
    expect(totals.a).toMatchObject({ number_of_unique_countries: 1, number_of_unique_regions: 1 });
    const regions = readFileSync(join(sandbox.cache, 'summaries/a/by_region.tsv'), 'utf8');
    expect(regions).toContain('\nUS\t20\t<50\t<50\n');
  });
});

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DIST, Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { SpoolSandbox } from '../support/spool.js';

const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0';
const AGENTS = [PERSON, 'aria2/1.36.0', 'Mozilla/5.0 (compatible; Googlebot/2.1)', '-', PERSON];
const PLUGIN = JSON.stringify(join(DIST, 'src/pipeline/index.js'));

interface Request {
  readonly key: string;
  readonly agent: string;
  readonly address: string;
  readonly n: number;
}

const requests = Array.from(
  { length: 400 },
  (_, n): Request => ({
    n,
    key: `ds${n % 4}/sub-${n % 9}/f${n % 30}`,
    agent: AGENTS[(n * 7) % AGENTS.length],
    address: `198.51.${n % 3}.${n % 200}`,
  }),
);

function logOf(some: readonly Request[]): string {
  return some.map(lineOf).join('');
}

function lineOf({ key, agent, address, n }: Request): string {
  const day = String(1 + (n % 27)).padStart(2, '0');
  const field = agent === '-' ? '-' : `"${agent}"`;
  return `owner bucket [${day}/Mar/2025:10:00:00 +0000] ${address} - ABCDEF0123456789 REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" 200 - ${n * 1000 + 7} 12345 17 9 "-" ${field} - id SigV4 ECDHE-RSA-AES128-GCM-SHA256 - bucket.s3.amazonaws.com TLSv1.2 - -\n`;
}

let sandbox: Sandbox;
let pipeline: string;
beforeEach(() => {
  sandbox = new Sandbox();
  pipeline = join(sandbox.root, 'pipeline.yaml');
});

/** A pipeline file; JSON is YAML. */
function write(...handlers: readonly object[]): void {
  writeFileSync(pipeline, JSON.stringify({ version: 1, handlers }));
}

/** A handler of our own beside the pipeline file. */
function writeHandler(name: string, body: string): { use: string } {
  const code = `import { defineHandler } from ${PLUGIN};\nimport fs from 'node:fs';\nexport default defineHandler(${body});\n`;
  writeFileSync(join(sandbox.root, `${name}.mjs`), code);
  return { use: `./${name}.mjs` };
}

function writeLogs(some: readonly Request[], files = 4, in_ = sandbox): void {
  for (let file = 0; file < files; file++) {
    in_.write(`${file}.log`, logOf(some.filter(({ n }) => n % files === file)));
  }
}

function extract(...args: readonly string[]) {
  return sandbox.run(['extract', sandbox.logs, '--pipeline', pipeline, '--json', ...args]);
}

function commits() {
  const folder = join(sandbox.cache, 'commits');
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

function segments(): string[] {
  return readdirSync(join(sandbox.cache, 'segments')).sort();
}

/** What is published of some requests that go through no pipeline. */
async function publishedOf(some: readonly Request[]): Promise<Map<string, string>> {
  const other = new Sandbox();
  writeLogs(some, 4, other);
  expect((await other.run(['extract', other.logs])).status).toBe(0);
  expect((await other.run(['update', 'summaries'])).status).toBe(0);
  return readTree(join(other.cache, 'summaries'));
}

async function published(...args: readonly string[]): Promise<Map<string, string>> {
  const { status, stderr } = await sandbox.run(['update', 'summaries', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return readTree(join(sandbox.cache, 'summaries'));
}

describe('records that go through a pipeline', () => {
  it('are tagged, and count as if those of robots had never been, or nothing else', async () => {
    writeLogs(requests);
    write({ use: 'robots' }, { use: 'log', with: { label: 'seen' } });
    const { status, json, stderr } = await extract('--workers=2');
    expect(status).toBe(0);
    expect(json.lines).toMatchObject({ total: 400, kept: 400 });
    const people = requests.filter(({ agent }) => agent === PERSON);
    const robots = requests.filter(({ agent }) => agent !== PERSON);
    expect(stderr).toMatch(/seen: .*: \d+ records, \d+ bytes, \d+ tagged robot; 0 dropped\./);
    const [commit] = commits();
    expect(commit.pipeline).toEqual([{ use: 'robots', version: '2019-08-06' }, { use: 'log' }]);
    const rows = (isRobot: boolean) =>
      commit.records
        .filter(({ tags = [] }: { tags?: string[] }) => tags.includes('robot') === isRobot)
        .reduce((sum: number, segment: { rows: number }) => sum + segment.rows, 0);
    expect([rows(false), rows(true)]).toEqual([people.length, robots.length]);
    expect(await published()).toEqual(await publishedOf(requests));
    expect(await published('--robots', 'exclude')).toEqual(await publishedOf(people));
    // Kept for the nights to come.
    expect(await published()).toEqual(await publishedOf(people));
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    expect(await published('--robots', 'only')).toEqual(await publishedOf(robots));
    expect(await published('--robots', 'include')).toEqual(await publishedOf(requests));
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
  });

  it('are dropped by key and address, each line accounted for', async () => {
    writeLogs(requests);
    write({
      use: 'filter',
      with: {
        keep: { keys: ['^ds[0-2]/'], operations: ['REST.GET.OBJECT'] },
        drop: { addresses: ['198.51.1.0/24', '198.51.0.3'], keys: ['f29$'] },
      },
    });
    const kept = requests.filter(
      ({ key, address }) =>
        /^ds[0-2]\//.test(key) &&
        !address.startsWith('198.51.1.') &&
        address !== '198.51.0.3' &&
        !key.endsWith('f29'),
    );
    const { json } = await extract('--workers=3');
    const dropped = requests.length - kept.length;
    expect(json.lines).toMatchObject({
      total: 400,
      kept: kept.length,
      skipped: dropped,
      rejected: 0,
      notes: { dropped_by_pipeline: dropped },
    });
    expect(await published()).toEqual(await publishedOf(kept));
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    const { files } = (await sandbox.run(['extract', sandbox.logs, '--json'])).json;
    expect(files).toMatchObject({ found: 4, known: 4, extracted: 0 });
  });

  it('are accounted for also where one file is read in parts, by several workers', async () => {
    const text = logOf(requests.slice(0, 300));
    sandbox.write('large.log', text.repeat(Math.ceil((70 << 20) / text.length)));
    sandbox.write('small.log', logOf(requests.slice(300)));
    write({ use: 'filter', with: { drop: { keys: ['^ds3/'] } } }, { use: 'robots' });
    const { json } = await extract('--workers=3');
    expect(json.lines.notes.dropped_by_pipeline).toBe(json.lines.skipped);
    expect(json.lines.skipped).toBe(json.lines.total / 4);
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
  });

  it('may change: keys, times, bytes', async () => {
    writeLogs(requests);
    write(
      writeHandler(
        'change',
        `{ configure: () => ({ create: () => ({ handleEvents(events) {
          for (let row = 0; row < events.rows; row++) {
            const key = events.key(events.keyIds[row]);
            if (key.startsWith('ds1/')) events.setKey(row, key.replace('ds1/', 'renamed/é/'));
            events.times[row] += 86400;
            events.bytesLow[row] = 5;
          }
          return events;
        } }) }) }`,
      ),
    );
    expect((await extract()).status).toBe(0);
    const tables = await published();
    expect([...tables.keys()].some((path) => path.startsWith('renamed/'))).toBe(true);
    expect([...tables.keys()].some((path) => path.startsWith('ds1/'))).toBe(false);
    expect(tables.get('ds0/by_day.tsv')).toMatch(/^2025-03-02\t20\t/m);
    expect(tables.get('ds0/by_day.tsv')).not.toMatch(/^2025-03-01/m);
  });
});

describe('outputs of handlers', () => {
  const counting = `{ configure: ({ name }) => ({ create: () => ({ handleEvents(events, env) {
    env.write(name ?? 'counts', JSON.stringify({ rows: events.rows, stream: env.stream }));
    return events;
  } }) }) }`;

  it('become real with the commit, and go with it', async () => {
    writeLogs(requests);
    write(writeHandler('counting', counting));
    expect((await extract('--workers=2')).status).toBe(0);
    const [{ outputs, records }] = commits();
    expect(outputs).toHaveLength(records.length);
    const told = outputs.map(({ file }: { file: string }) =>
      JSON.parse(readFileSync(join(sandbox.cache, 'segments', file), 'utf8')),
    );
    expect(told.reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0)).toBe(400);
    expect(statSync(join(sandbox.cache, 'segments', outputs[0].file)).mode & 0o777).toBe(0o600);
    writeFileSync(join(sandbox.cache, 'segments', outputs[0].file), '{"rows":1}\n');
    const { status, stdout } = await sandbox.run(['validate', 'cache']);
    expect(status).not.toBe(0);
    expect(stdout).toContain(outputs[0].file);
    expect((await sandbox.run(['reset', 'extraction', '--yes'])).status).toBe(0);
    expect(segments()).toEqual([]);
  });

  it.each([
    ['an address', `env.write('seen', 'from 198.51.100.7')`, 'PIPELINE_ADDRESS'],
    ['a name that is a path', `env.write('../seen', 'x')`, 'PIPELINE_HANDLER_FAILED'],
    ['two lines in one', `env.write('seen', 'x\\ny')`, 'PIPELINE_HANDLER_FAILED'],
    ['a time that is none', `events.times[3] = NaN`, 'PIPELINE_INVALID_RECORDS'],
    ['a flag that is none', `events.downloads[3] = 2`, 'PIPELINE_INVALID_RECORDS'],
    ['a key there is not', `events.keyIds[3] = 4000000000`, 'PIPELINE_INVALID_RECORDS'],
    ['a requester there is not', `events.requesterIds[3] = 9999999`, 'PIPELINE_INVALID_RECORDS'],
    ['other events', `return { ...events }`, 'PIPELINE_INVALID_RECORDS'],
    ['no events', `return undefined`, 'PIPELINE_HANDLER_FAILED'],
    ['a key with a blank', `events.setKey(0, 'a b')`, 'PIPELINE_HANDLER_FAILED'],
    [
      'too many tags',
      `for (let i = 0; i < 9; i++) events.tag(0, 'tag' + i)`,
      'PIPELINE_HANDLER_FAILED',
    ],
  ])('that hold %s are refused, and leave nothing', async (_what, body, code) => {
    writeLogs(requests);
    const create = `{ handleEvents(events, env) { ${body}; return events; }, rollback() { fs.appendFileSync('rolled', 'x'); } }`;
    write(writeHandler('bad', `{ configure: () => ({ create: () => (${create}) }) }`));
    const { status, stderr, stdout } = await extract('--workers=1');
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error.code).toBe(code);
    expect(stderr + stdout).not.toMatch(/198\.51\.|\n\s+at /);
    expect(segments()).toEqual([]);
    expect(commits()).toEqual([]);
    expect(readFileSync(join(sandbox.root, 'rolled'), 'utf8')).toBe('x');
  });
});

describe('handlers', () => {
  const journal = (name: string, body = '') => `{ configure: () => ({ create: () => ({
    handleEvents(events, env) { ${body}; this.stream = env.stream; return events; },
    commit() { fs.appendFileSync('journal', 'commit ${name} ' + this.stream + '\\n'); },
    rollback() { fs.appendFileSync('journal', 'rollback ${name} ' + this.stream + '\\n'); },
  }) }) }`;
  const lines = () => readFileSync(join(sandbox.root, 'journal'), 'utf8').trim().split('\n');

  it('commit after the commit is real, once for each stream of it', async () => {
    writeLogs(requests);
    write(writeHandler('a', journal('a')), writeHandler('b', journal('b')));
    expect((await extract('--workers=2')).status).toBe(0);
    const stems = commits()
      .flatMap(({ records }) => records)
      .map(({ file }) => file.replace('.records.parquet', ''));
    expect(lines().sort()).toEqual(
      stems.flatMap((stem) => [`commit a ${stem}`, `commit b ${stem}`]).sort(),
    );
  });

  it('that throw leave no trace; all others roll back, and the next run does it all', async () => {
    writeLogs(requests);
    const bad = writeHandler(
      'bad',
      journal('bad', `if (!fs.existsSync('mended')) throw new Error('out of luck')`),
    );
    write(writeHandler('a', journal('a')), bad);
    const { status, json } = await extract('--workers=1');
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'PIPELINE_HANDLER_FAILED' });
    expect(json.error.message).toContain('The handler ./bad.mjs failed at ');
    expect(json.error.message).toContain('out of luck');
    expect(lines().map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'rollback bad',
      'rollback a',
    ]);
    expect([commits(), segments()]).toEqual([[], []]);
    writeFileSync(join(sandbox.root, 'mended'), '');
    expect((await extract('--workers=1')).json.files.extracted).toBe(4);
    expect(lines().length).toBe(4);
    expect(await published()).toEqual(await publishedOf(requests));
  });

  it('that cannot commit are told, and stop nobody', async () => {
    writeLogs(requests);
    const failing = `{ configure: () => ({ create: () => ({
      handleEvents: (events) => events, commit() { throw new Error('disk on fire'); } }) }) }`;
    write(writeHandler('failing', failing), writeHandler('a', journal('a')));
    const { status, stderr } = await extract('--workers=1');
    expect(status).toBe(0);
    expect(stderr).toContain('commit of ./failing.mjs failed at');
    expect(stderr).toContain('disk on fire');
    expect(lines()).toHaveLength(1);
  });

  it('cannot show an address that a key may hold, nor command a terminal', async () => {
    sandbox.write('a.log', lineOf({ key: 'x/198.51.100.7', agent: PERSON, address: '-', n: 1 }));
    const tells = (what: string) =>
      writeHandler(
        'tells',
        `{ configure: () => ({ create: () => ({ handleEvents(events, env) { const key = events.key(events.keyIds[0]); ${what}; return events; } }) }) }`,
      );
    write(tells(`env.log('info', 'saw ' + key); env.log('warning', 'red \\u001b[31m')`));
    const told = await extract('--workers=1');
    expect(told.status).toBe(0);
    expect(told.stderr).toContain('may hold an address, and is withheld');
    expect(told.stderr).toContain('red ?[31m');
    write(tells(`throw { toString() { throw new Error(key); } }`));
    sandbox.write('b.log', lineOf({ key: 'x/198.51.100.7', agent: PERSON, address: '-', n: 2 }));
    const thrown = await extract('--workers=1');
    expect(thrown.status).toBe(1);
    write(tells(`throw new Error('cannot take ' + key)`));
    const named = await extract('--workers=1');
    expect(named.json.error.code).toBe('PIPELINE_HANDLER_FAILED');
    for (const { stdout, stderr } of [told, thrown, named]) {
      expect(stdout + stderr).not.toMatch(/198\.51\.|\u001b/);
    }
  });

  it('come from packages too, found from where the pipeline file stands', async () => {
    writeLogs(requests);
    const folder = join(sandbox.root, 'node_modules/@some/plugin');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({
        name: '@some/plugin',
        type: 'module',
        exports: { '.': { import: './main.js' } },
      }),
    );
    writeFileSync(
      join(folder, 'main.js'),
      `export default { needs: ['agent'], configure: ({ prefix }) => ({ version: '7', create: () => ({ handleEvents(events) {
        for (let row = 0; row < events.rows; row++) if (events.agent(events.agentIds[row]).startsWith(prefix)) events.drop(row);
        return events; } }) }) };`,
    );
    write({ use: '@some/plugin', with: { prefix: 'aria2/' } });
    const { json } = await extract('--workers=2');
    const dropped = requests.filter(({ agent }) => agent.startsWith('aria2/')).length;
    expect(json.lines.notes.dropped_by_pipeline).toBe(dropped);
    expect(commits()[0].pipeline).toEqual([{ use: '@some/plugin', version: '7' }]);
  });

  it.each([
    ['no YAML', 'version: [', 'it is not YAML'],
    ['another version', '{"version":2,"handlers":[]}', 'its version is not 1'],
    ['no list', '{"version":1,"handlers":{}}', '"handlers" is not a list'],
    ['an unknown member', '{"version":1,"handlers":[],"then":1}', 'unknown member "then"'],
    [
      'a handler there is not',
      '{"version":1,"handlers":[{"use":"nobody"}]}',
      'nobody: it cannot be loaded',
    ],
    [
      'a module that is none',
      '{"version":1,"handlers":[{"use":"./pipeline.yaml"}]}',
      'it cannot be loaded',
    ],
    [
      'an option there is not',
      '{"version":1,"handlers":[{"use":"robots","with":{"x":1}}]}',
      'robots: there is no option "x"',
    ],
    [
      'a filter of nothing',
      '{"version":1,"handlers":[{"use":"filter"}]}',
      'filter: it has neither keep nor drop',
    ],
    [
      'a wrong address',
      '{"version":1,"handlers":[{"use":"filter","with":{"drop":{"addresses":["198.51.100.300"]}}}]}',
      'entry 1 is no address',
    ],
    [
      'a wrong expression',
      '{"version":1,"handlers":[{"use":"filter","with":{"drop":{"keys":["(?=x)"]}}}]}',
      'no RE2 expression',
    ],
    [
      'a list that is not there',
      '{"version":1,"handlers":[{"use":"robots","with":{"list":"/nowhere"}}]}',
      'list /nowhere cannot be read: ENOENT',
    ],
  ])('are refused before anything is read: %s', async (_what, text, why) => {
    writeLogs(requests);
    writeFileSync(pipeline, text);
    const { status, json, stderr } = await extract();
    expect(status).toBe(2);
    expect(json.error.code).toBe('INVALID_PIPELINE');
    expect(json.error.message).toContain(why);
    expect(stderr).not.toMatch(/198\.51\.|\n\s+at /);
  });
});

describe('a spool', () => {
  it('gives its logs to the pipeline; where a handler throws they stay, and are taken when it is mended', async () => {
    const spool = new SpoolSandbox();
    const file = join(spool.root, 'pipeline.yaml');
    const body = `import fs from 'node:fs'; export default { configure: () => ({ create: () => ({ handleEvents(events) {
      if (!fs.existsSync('mended')) throw new Error('out of luck');
      for (let row = 0; row < events.rows; row += 2) events.drop(row);
      return events; } }) }) };`;
    writeFileSync(join(spool.root, 'half.mjs'), body);
    writeFileSync(file, JSON.stringify({ version: 1, handlers: [{ use: './half.mjs' }] }));
    spool.put('a.log', logOf(requests));
    const failed = await spool.once('--pipeline', file);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('[PIPELINE_HANDLER_FAILED]');
    expect(spool.files()).toEqual(['a.log']);
    writeFileSync(join(spool.root, 'mended'), '');
    const { status, report } = await spool.once('--pipeline', file);
    expect(status).toBe(0);
    expect(report.lines).toMatchObject({ total: 400, kept: 200, skipped: 200 });
    expect(spool.files()).toEqual(['archive/a.log']);
  });
});

describe('a saved pipeline', () => {
  it('is used by all that extracts, and repair refuses another one', async () => {
    writeLogs(requests);
    write({ use: 'filter', with: { drop: { keys: ['^ds0/'] } } });
    const kept = requests.filter(({ key }) => !key.startsWith('ds0/'));
    expect((await sandbox.run(['config', 'pipeline', 'set', pipeline])).stdout).toContain(
      '(filter)',
    );
    expect((await sandbox.run(['config', 'pipeline', 'get'])).stdout).toContain(pipeline);
    expect((await sandbox.run(['update', '--from', sandbox.logs])).status).toBe(0);
    const tables = readTree(join(sandbox.cache, 'summaries'));
    for (const [path, text] of await publishedOf(kept)) expect(tables.get(path)).toBe(text);
    expect([...tables.keys()].some((path) => path.startsWith('ds0/'))).toBe(false);
    const [{ records }] = commits();
    writeFileSync(join(sandbox.cache, 'segments', records[0].file), 'x');
    expect((await sandbox.run(['config', 'pipeline', 'clear'])).status).toBe(0);
    const refused = await sandbox.run(['repair', '--json']);
    expect(refused.json.error).toMatchObject({ code: 'OTHER_PIPELINE' });
    expect(refused.json.error.message).toContain(
      'went through filter, and these would go through no pipeline',
    );
    expect((await sandbox.run(['repair', '--pipeline', pipeline])).status).toBe(0);
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    expect(commits().reduce((sum, { lines }) => sum + lines.kept, 0)).toBe(kept.length);
  });
});

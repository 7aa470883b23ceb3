import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { lineOf, PERSON, PipelineSandbox, publishedOf, requests } from '../support/pipeline.js';

let sandbox: PipelineSandbox;
beforeEach(() => {
  sandbox = new PipelineSandbox();
});

describe('outputs of handlers', () => {
  const counting = `{ configure: ({ name }) => ({ create: () => ({ handleEvents(events, env) {
    env.write(name ?? 'counts', JSON.stringify({ rows: events.rows, stream: env.stream }));
    return events;
  } }) }) }`;

  it('become real with the commit, and go with it', async () => {
    sandbox.writeLogs(requests);
    sandbox.writePipeline(sandbox.writeHandler('counting', counting));
    expect((await sandbox.extract('--workers=2')).status).toBe(0);
    const [{ outputs, records }] = sandbox.commits();
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
    expect(sandbox.segments()).toEqual([]);
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
    sandbox.writeLogs(requests);
    const create = `{ handleEvents(events, env) { ${body}; return events; }, rollback() { fs.appendFileSync('rolled', 'x'); } }`;
    sandbox.writePipeline(
      sandbox.writeHandler('bad', `{ configure: () => ({ create: () => (${create}) }) }`),
    );
    const { status, stderr, stdout } = await sandbox.extract('--workers=1');
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error.code).toBe(code);
    expect(stderr + stdout).not.toMatch(/198\.51\.|\n\s+at /);
    expect(sandbox.segments()).toEqual([]);
    expect(sandbox.commits()).toEqual([]);
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
    sandbox.writeLogs(requests);
    sandbox.writePipeline(
      sandbox.writeHandler('a', journal('a')),
      sandbox.writeHandler('b', journal('b')),
    );
    expect((await sandbox.extract('--workers=2')).status).toBe(0);
    const stems = sandbox
      .commits()
      .flatMap(({ records }) => records)
      .map(({ file }) => file.replace('.records.parquet', ''));
    expect(lines().sort()).toEqual(
      stems.flatMap((stem) => [`commit a ${stem}`, `commit b ${stem}`]).sort(),
    );
  });

  it('that throw leave no trace; all others roll back, and the next run does it all', async () => {
    sandbox.writeLogs(requests);
    const bad = sandbox.writeHandler(
      'bad',
      journal('bad', `if (!fs.existsSync('mended')) throw new Error('out of luck')`),
    );
    sandbox.writePipeline(sandbox.writeHandler('a', journal('a')), bad);
    const { status, json } = await sandbox.extract('--workers=1');
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'PIPELINE_HANDLER_FAILED' });
    expect(json.error.message).toContain('The handler ./bad.mjs failed at ');
    expect(json.error.message).toContain('out of luck');
    expect(lines().map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'rollback bad',
      'rollback a',
    ]);
    expect([sandbox.commits(), sandbox.segments()]).toEqual([[], []]);
    writeFileSync(join(sandbox.root, 'mended'), '');
    expect((await sandbox.extract('--workers=1')).json.files.extracted).toBe(4);
    expect(lines().length).toBe(4);
    expect(await sandbox.published()).toEqual(await publishedOf(requests));
  });

  it('that cannot commit are told, and stop nobody', async () => {
    sandbox.writeLogs(requests);
    const failing = `{ configure: () => ({ create: () => ({
      handleEvents: (events) => events, commit() { throw new Error('disk on fire'); } }) }) }`;
    sandbox.writePipeline(
      sandbox.writeHandler('failing', failing),
      sandbox.writeHandler('a', journal('a')),
    );
    const { status, stderr } = await sandbox.extract('--workers=1');
    expect(status).toBe(0);
    expect(stderr).toContain('commit of ./failing.mjs failed at');
    expect(stderr).toContain('disk on fire');
    expect(lines()).toHaveLength(1);
  });

  it('cannot show an address that a key may hold, nor command a terminal', async () => {
    sandbox.write('a.log', lineOf({ key: 'x/198.51.100.7', agent: PERSON, address: '-', n: 1 }));
    const tells = (what: string) =>
      sandbox.writeHandler(
        'tells',
        `{ configure: () => ({ create: () => ({ handleEvents(events, env) { const key = events.key(events.keyIds[0]); ${what}; return events; } }) }) }`,
      );
    sandbox.writePipeline(
      tells(`env.log('info', 'saw ' + key); env.log('warning', 'red \\u001b[31m')`),
    );
    const told = await sandbox.extract('--workers=1');
    expect(told.status).toBe(0);
    expect(told.stderr).toContain('what looks like an address; it is not shown');
    expect(told.stderr).toContain('red ');
    sandbox.writePipeline(tells(`throw { toString() { throw new Error(key); } }`));
    sandbox.write('b.log', lineOf({ key: 'x/198.51.100.7', agent: PERSON, address: '-', n: 2 }));
    const thrown = await sandbox.extract('--workers=1');
    expect(thrown.status).toBe(1);
    sandbox.writePipeline(tells(`throw new Error('cannot take ' + key)`));
    const named = await sandbox.extract('--workers=1');
    expect(named.json.error.code).toBe('PIPELINE_HANDLER_FAILED');
    for (const { stdout, stderr } of [told, thrown, named]) {
      expect(stdout + stderr).not.toMatch(/198\.51\.|\u001b/);
    }
  });

  it('come from packages too, found from where the pipeline file stands', async () => {
    sandbox.writeLogs(requests);
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
    sandbox.writePipeline({ use: '@some/plugin', with: { prefix: 'aria2/' } });
    const { json } = await sandbox.extract('--workers=2');
    const dropped = requests.filter(({ agent }) => agent.startsWith('aria2/')).length;
    expect(json.lines.notes.dropped_by_pipeline).toBe(dropped);
    expect(sandbox.commits()[0].pipeline).toEqual([{ use: '@some/plugin', version: '7' }]);
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
    sandbox.writeLogs(requests);
    writeFileSync(sandbox.pipeline, text);
    const { status, json, stderr } = await sandbox.extract();
    expect(status).toBe(2);
    expect(json.error.code).toBe('INVALID_PIPELINE');
    expect(json.error.message).toContain(why);
    expect(stderr).not.toMatch(/198\.51\.|\n\s+at /);
  });
});

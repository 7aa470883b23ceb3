import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { logOf, PERSON, PipelineSandbox, publishedOf, requests } from '../support/pipeline.js';
import { readTree } from '../support/published-tree.js';
import { SpoolSandbox } from '../support/spool.js';

let sandbox: PipelineSandbox;
beforeEach(() => {
  sandbox = new PipelineSandbox();
});

describe('records that go through a pipeline', () => {
  it('are tagged, and count as if those of robots had never been, or nothing else', async () => {
    sandbox.writeLogs(requests);
    sandbox.writePipeline({ use: 'robots' }, { use: 'log', with: { label: 'seen' } });
    const { status, json, stderr } = await sandbox.extract('--workers=2');
    expect(status).toBe(0);
    expect(json.lines).toMatchObject({ total: 400, kept: 400 });
    const people = requests.filter(({ agent }) => agent === PERSON);
    const robots = requests.filter(({ agent }) => agent !== PERSON);
    expect(stderr).toMatch(/seen: .*: \d+ records, \d+ bytes, \d+ tagged robot; 0 dropped\./);
    const [commit] = sandbox.commits();
    expect(commit.pipeline).toEqual([{ use: 'robots', version: '2019-08-06' }, { use: 'log' }]);
    const rows = (isRobot: boolean) =>
      commit.records
        .filter(({ tags = [] }: { tags?: string[] }) => tags.includes('robot') === isRobot)
        .reduce((sum: number, segment: { rows: number }) => sum + segment.rows, 0);
    expect([rows(false), rows(true)]).toEqual([people.length, robots.length]);
    expect(await sandbox.published()).toEqual(await publishedOf(requests));
    expect(await sandbox.published('--robots', 'exclude')).toEqual(await publishedOf(people));
    // Kept for the nights to come.
    expect(await sandbox.published()).toEqual(await publishedOf(people));
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    const { stdout } = await sandbox.run(['status']);
    expect(stdout).toContain('  counted:   without records tagged as those of robots\n');
    expect(await sandbox.published('--robots', 'only')).toEqual(await publishedOf(robots));
    expect(await sandbox.published('--robots', 'include')).toEqual(await publishedOf(requests));
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
  });

  it('are dropped by key and address, each line accounted for', async () => {
    sandbox.writeLogs(requests);
    sandbox.writePipeline({
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
    const { json } = await sandbox.extract('--workers=3');
    const dropped = requests.length - kept.length;
    expect(json.lines).toMatchObject({
      total: 400,
      kept: kept.length,
      skipped: dropped,
      rejected: 0,
      notes: { dropped_by_pipeline: dropped },
    });
    expect(await sandbox.published()).toEqual(await publishedOf(kept));
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    // Nobody was tagged: sums of nothing, which are checked all the same.
    expect((await sandbox.run(['update', 'summaries', '--robots', 'only'])).status).toBe(0);
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    const { files } = (await sandbox.run(['extract', sandbox.logs, '--json'])).json;
    expect(files).toMatchObject({ found: 4, known: 4, extracted: 0 });
  });

  it('are accounted for also where one file is read in parts, by several workers', async () => {
    const text = logOf(requests.slice(0, 300));
    sandbox.write('large.log', text.repeat(Math.ceil((70 << 20) / text.length)));
    sandbox.write('small.log', logOf(requests.slice(300)));
    sandbox.writePipeline(
      { use: 'filter', with: { drop: { keys: ['^ds3/'] } } },
      { use: 'robots' },
    );
    const { json } = await sandbox.extract('--workers=3');
    expect(json.lines.notes.dropped_by_pipeline).toBe(json.lines.skipped);
    expect(json.lines.skipped).toBe(json.lines.total / 4);
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
  });

  it('may change: keys, times, bytes', async () => {
    sandbox.writeLogs(requests);
    sandbox.writePipeline(
      sandbox.writeHandler(
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
    expect((await sandbox.extract()).status).toBe(0);
    const tables = await sandbox.published();
    expect([...tables.keys()].some((path) => path.startsWith('renamed/'))).toBe(true);
    expect([...tables.keys()].some((path) => path.startsWith('ds1/'))).toBe(false);
    expect(tables.get('ds0/by_day.tsv')).toMatch(/^2025-03-02\t20\t/m);
    expect(tables.get('ds0/by_day.tsv')).not.toMatch(/^2025-03-01/m);
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
    sandbox.writeLogs(requests);
    sandbox.writePipeline({ use: 'filter', with: { drop: { keys: ['^ds0/'] } } });
    const kept = requests.filter(({ key }) => !key.startsWith('ds0/'));
    expect((await sandbox.run(['config', 'pipeline', 'set', sandbox.pipeline])).stdout).toContain(
      '(filter)',
    );
    expect((await sandbox.run(['config', 'pipeline', 'get'])).stdout).toContain(sandbox.pipeline);
    expect((await sandbox.run(['update', '--from', sandbox.logs])).status).toBe(0);
    const tables = readTree(join(sandbox.cache, 'summaries'));
    for (const [path, text] of await publishedOf(kept)) expect(tables.get(path)).toBe(text);
    expect([...tables.keys()].some((path) => path.startsWith('ds0/'))).toBe(false);
    const [{ records }] = sandbox.commits();
    writeFileSync(join(sandbox.cache, 'segments', records[0].file), 'x');
    expect((await sandbox.run(['config', 'pipeline', 'clear'])).status).toBe(0);
    const refused = await sandbox.run(['repair', '--json']);
    expect(refused.json.error).toMatchObject({ code: 'OTHER_PIPELINE' });
    expect(refused.json.error.message).toContain(
      'went through filter, and these would go through no pipeline',
    );
    expect((await sandbox.run(['repair', '--pipeline', sandbox.pipeline])).status).toBe(0);
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    expect(sandbox.commits().reduce((sum, { lines }) => sum + lines.kept, 0)).toBe(kept.length);
  });
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DIST, Sandbox } from '../support/cli.js';
import { ingress } from '../support/ingress.js';
import { fileIn, packagesIn, tableIn } from '../support/packages.js';
import { publish, requestsOver } from '../support/published-cache.js';
import { readTree } from '../support/published-tree.js';

let sandbox: Sandbox;
let out: string;

beforeEach(async () => {
  sandbox = new Sandbox();
  out = join(sandbox.root, 'out');
  await publish(sandbox, 'one.log', requestsOver(['2024-06-01', '2024-06-03']));
});

/** Write a module. @returns its name for the command line */
function module(body: string, name = 'mine.mjs'): string {
  writeFileSync(join(sandbox.root, name), `export default (share) => {\n${body}\n};\n`);
  return name;
}

const SPEC = (key: string, format: string, more = '') =>
  `{ key: '${key}', version: '2', format: '${format}', description: 'of tests', ${more} }`;

const codeOf = async (...args: string[]): Promise<unknown> => {
  const { json, status, stderr } = await sandbox.run(['share', '--to', out, ...args, '--json']);
  expect(status).not.toBe(0);
  expect(stderr).not.toMatch(/INTERNAL|198\.51/);
  return json.error.code;
};

describe('collectors of a module', () => {
  it('get what is published, their interval and their last entry, and neither cache nor key', async () => {
    const name = module(`
      share.registerCollector(${SPEC('seen', 'json')}, (context) => {
        const { archive, since, until, lastEntry, remember } = context;
        remember({ count: (lastEntry?.count ?? 0) + 1 });
        return { since: since ?? null, until, lastEntry: lastEntry ?? null, names: Object.keys(context).sort(),
          archive: JSON.stringify(archive), datasets: archive.datasets.map(({ name }) => name), big: 2n ** 64n };
      });
      share.registerCollector(${SPEC('rows', 'csv')}, async ({ archive }) => ({
        columns: ['day', '=formula'],
        rows: (async function* () { for (const [day] of archive.table('archive/by_day.tsv').rows) yield [day, '=1+1']; })(),
      }));
      share.registerCollector(${SPEC('nothing', 'csv')}, () => undefined);`);
    const report = await sandbox.done('share', '--to', out, '--collectors', name);
    expect(report.unchanged.sort()).toEqual(['coordinates', 'nothing']);
    const packages = await packagesIn(out);
    const seen = JSON.parse(fileIn(packages, 'seen.json') ?? '');
    const first = seen.until;
    expect(seen).toMatchObject({
      since: null,
      lastEntry: null,
      names: ['archive', 'lastEntry', 'remember', 'since', 'until'],
      datasets: ['ds0', 'ds1', 'ds2'],
    });
    expect(seen.archive).not.toContain(sandbox.root);
    expect(fileIn(packages, 'seen.json')).toContain('18446744073709551616');
    expect(fileIn(packages, 'rows.csv')).toBe(
      "day,'=formula\n2024-06-01,'=1+1\n2024-06-03,'=1+1\n",
    );
    expect(JSON.parse(fileIn(packages.slice(-1), 'manifest.json') ?? '')).toBeDefined();
    const manifests = packages.map(({ files }) => JSON.parse(files.get('manifest.json') ?? ''));
    expect(manifests.find((one) => 'rows.csv' in one)['rows.csv']).toBe('2');
    await publish(sandbox, 'two.log', requestsOver(['2024-06-05']));
    const next = join(sandbox.root, 'next');
    // Another destination knows nothing of the first.
    await sandbox.done('share', '--to', next, '--collectors', name, '--pick', 'seen');
    const other = JSON.parse(fileIn(await packagesIn(next), 'seen.json') ?? '');
    expect(other).toMatchObject({ since: null, lastEntry: null });
    await sandbox.done('share', '--to', out, '--collectors', name, '--pick', 'seen');
    const texts = (await packagesIn(out)).flatMap(({ files }) => files.get('seen.json') ?? []);
    const later = texts.map((text) => JSON.parse(text)).find(({ since }) => since !== null);
    expect(later).toMatchObject({ since: first, lastEntry: { count: 1 } });
  });

  it('go slice by slice, each of which is shipped before the next is gathered', async () => {
    const server = await ingress([202, 202, 404]);
    const name = module(`
      share.registerCollector(${SPEC(
        'cut',
        'json',
        `shippingGroup: 'other', slice: ({ since }) => ['01', '02', '03', '04']
          .map((day) => ({ since: '2024-06-' + day + 'T00:00:00Z', until: '2024-06-' + day + 'T12:00:00.5Z' }))
          .filter((slice) => since === undefined || slice.since >= since)`,
      )},
        async ({ since, until, lastEntry, remember }) => {
          const { acceptances } = await (await fetch(process.env.STATE)).json();
          remember([...(lastEntry ?? []), since]);
          return { since, until, acceptances, lastEntry: lastEntry ?? [] };
        });`);
    // The server tells how many packages it has taken, outside of the way of packages.
    const { createServer } = await import('node:http');
    const state = createServer((_, response) => {
      response.end(JSON.stringify({ acceptances: server.acceptances }));
    });
    await new Promise<void>((resolve) => state.listen(0, '127.0.0.1', resolve));
    const env = { STATE: `http://127.0.0.1:${(state.address() as { port: number }).port}/` };
    try {
      const args = ['share', '--to', server.url, '--collectors', name, '--pick', 'cut', '--json'];
      expect((await sandbox.run(args, { env })).status).toBe(1);
      expect((await sandbox.run(args, { env })).status).toBe(0);
      expect((await sandbox.run(args, { env })).json.packages).toEqual([]);
    } finally {
      state.close();
    }
    const names: string[] = [];
    const values: { since: string; acceptances: number; lastEntry: string[] }[] = [];
    const { openPackage } = await import('../support/packages.js');
    for (const { body, headers } of server.accepted.values()) {
      expect(headers['x-shipping-group']).toBe('other');
      const { files } = await openPackage('x', body ?? Buffer.alloc(0));
      for (const [file, text] of files) {
        if (!file.startsWith('cut')) continue;
        names.push(file);
        values.push(JSON.parse(text));
      }
    }
    expect(names[0]).toBe('cut_20240601_20240601T120000Z.json');
    expect(values.map(({ since }) => since.slice(8, 10))).toEqual(['01', '02', '03', '04']);
    expect(values.map(({ acceptances }) => acceptances)).toEqual([0, 1, 2, 3]);
    expect(values.map(({ lastEntry }) => lastEntry.length)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    ["return { x: 'from 198.51.100.7' }", 'json', 'ADDRESS_IN_PACKAGE'],
    ["return { 'at ::ffff:198.51.100.7': 1 }", 'json', 'ADDRESS_IN_PACKAGE'],
    ["return { columns: ['a'], rows: [['x'], ['[2001:db8::7]:80']] }", 'csv', 'ADDRESS_IN_PACKAGE'],
    ["return { columns: ['198.51.100.7'], rows: [] }", 'csv', 'ADDRESS_IN_PACKAGE'],
    ["throw new Error('at 198.51.100.7')", 'json', 'COLLECTOR_FAILED'],
    ["return { columns: ['a'], rows: [['x', 'y']] }", 'csv', 'COLLECTOR_FAILED'],
    ['return [new Date()]', 'json', 'COLLECTOR_FAILED'],
    ['return {}', 'csv', 'COLLECTOR_FAILED'],
    ['remember(() => 1); return 1', 'json', 'COLLECTOR_FAILED'],
    ["return 'x'.repeat(30_000)", 'json', 'PACKAGE_TOO_LARGE'],
    ["return { columns: ['a'], rows: [['x'.repeat(30_000)]] }", 'csv', 'PACKAGE_TOO_LARGE'],
  ])('send nothing when they %s (%s)', async (body, format, code) => {
    const name = module(
      `share.registerCollector(${SPEC('bad', format)}, ({ remember }) => { ${body} });`,
    );
    expect(await codeOf('--collectors', name, '--pick', 'bad', '--max-size', '0.02')).toBe(code);
    expect(readTree(out).size).toBe(0);
    // Whatever else there is goes.
    await sandbox.done('share', '--to', out, '--collectors', name, '--skip', 'bad');
    expect(readTree(out).size).toBeGreaterThan(0);
  });

  it('are refused when they are none', async () => {
    expect(await codeOf('--collectors', './nothing.mjs')).toBe('INVALID_SHARING_MODULE');
    expect(await codeOf('--collectors', 'fs')).toBe('INVALID_SHARING_MODULE');
    expect(await codeOf('--collectors', 'no-such-package')).toBe('INVALID_SHARING_MODULE');
    writeFileSync(join(sandbox.root, 'object.mjs'), 'export default {};\n');
    expect(await codeOf('--collectors', 'object.mjs')).toBe('INVALID_SHARING_MODULE');
    expect(await codeOf('--collectors', module(`throw new Error('198.51.100.7')`))).toBe(
      'INVALID_SHARING_MODULE',
    );
    const twice = `share.registerCollector(${SPEC('totals', 'json')}, () => 1);`;
    expect(await codeOf('--collectors', module(twice))).toBe('DUPLICATE_COLLECTOR');
    const config = `share.registerCollector(${SPEC('config', 'json', 'config: true')}, () => ({ mine: 1 }));`;
    expect(await codeOf('--collectors', module(config))).toBe('CONFIG_COLLECTOR');
    await sandbox.done('share', '--to', out, '--collectors', module(config), '--skip', 'config');
    expect(fileIn(await packagesIn(out), 'config.json')).toBe('{\n  "mine": 1\n}\n');
  });

  it('come from packages, too, and from several modules at once', async () => {
    const folder = join(sandbox.root, 'node_modules', '@me', 'collectors');
    mkdirSync(folder, { recursive: true });
    const manifest = { name: '@me/collectors', type: 'module', exports: { import: './i.js' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    const one = `share.registerCollector(${SPEC('one', 'json')}, () => 1)`;
    writeFileSync(join(folder, 'i.js'), `export default (share) => { ${one} };\n`);
    const two = module(`share.registerCollector(${SPEC('two', 'json')}, () => 2)`);
    await sandbox.done('share', '--to', out, '--collectors', `@me/collectors,./${two}`);
    const packages = await packagesIn(out);
    expect([fileIn(packages, 'one.json'), fileIn(packages, 'two.json')]).toEqual(['1\n', '2\n']);
    expect(tableIn(packages, 'by_day').length).toBeGreaterThan(1);
  });
});

it('an update that comes in between has the rest gathered anew: no package is of two', async () => {
  sandbox.write('two.log', requestsOver(['2024-06-04', '2024-06-05'], { datasets: 5 }));
  const program = join(DIST, 'bin', 's3logextraction.js');
  const name = module(`
    let turns = 0;
    share.registerCollector(${SPEC('meddling', 'csv')}, ({ archive }) => {
      if (turns++ === 0) execFileSync(process.execPath, ['${program}', 'update', '--from', 'logs']);
      return { columns: ['day'], rows: archive.table('archive/by_day.tsv').rows.map(([day]) => [day]) };
    });`);
  const path = join(sandbox.root, name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `import { execFileSync } from 'node:child_process';\n${text}`);
  await sandbox.done('share', '--to', out, '--collectors', name);
  const packages = await packagesIn(out);
  expect(fileIn(packages, 'meddling.csv')).toBe(
    'day\n2024-06-01\n2024-06-03\n2024-06-04\n2024-06-05\n',
  );
  const totals = JSON.parse(fileIn(packages, 'totals.json') ?? '');
  expect(Object.keys(totals.datasets)).toEqual(['ds0', 'ds1', 'ds2', 'ds3', 'ds4']);
  expect(tableIn(packages, 'by_day')).toHaveLength(1 + 4 * 6 - 4);
  expect(new Set(packages.map(({ name: file }) => file.slice(0, 22))).size).toBe(1);
});

describe('a module', () => {
  it('refuses a gathering, with a reason, whatever it is', async () => {
    for (const [answer, told] of [
      [`'nobody has consented'`, 'nobody has consented'],
      ['Promise.reject(new Error("no licence"))', 'a check failed: no licence'],
      ['undefined', 'a check did not say yes'],
      ['false', 'a check did not say yes'],
      [`'of 198.51.100.7'`, 'looks like an address'],
    ]) {
      const name = module(
        `share.mayGather(() => true); share.mayGather(({ archive, isDryRun, destination }) => ${answer});`,
      );
      const ended = await sandbox.run(['share', '--to', out, '--collectors', name, '--json']);
      expect([ended.status, ended.json.error.code]).toEqual([1, 'GATHERING_REFUSED']);
      expect(ended.json.error.message).toContain(told);
      expect(ended.stderr).not.toContain('198.51');
    }
    expect(readTree(out).size).toBe(0);
    const yes = module('share.mayGather(({ isDryRun }) => isDryRun ? true : "it is no dry run");');
    await sandbox.done('share', '--to', out, '--collectors', yes, '--dry-run');
    expect(await codeOf('--collectors', yes)).toBe('GATHERING_REFUSED');
  });

  it('says how packages are sent, where to, and how large they are', async () => {
    const [server, other] = [await ingress(), await ingress()];
    const name = module(`
      share.registerCollector(${SPEC('one', 'json', "shippingGroup: 'other'")}, () => 1);
      share.shipping({
        limits: { packedBytes: 50_000 },
        contentType: (group) => (group === 'other' ? 'application/x-other' : undefined),
        address: (group) => (group === 'other' ? '${other.url}' : undefined),
        headers: (group) => ({ 'X-Group': group }),
        credentials: (group) => (group === 'other' ? { basic: { user: 'u', password: 'p:w' } } : undefined),
      });`);
    const env = { SHARE_TOKEN: 'of-the-environment' };
    const args = ['share', '--to', server.url, '--collectors', name, '--json'];
    const { status } = await sandbox.run(args, { env });
    expect(status).toBe(0);
    expect(other.requests).toHaveLength(1);
    expect(other.requests[0].headers).toMatchObject({
      'content-type': 'application/x-other',
      'x-group': 'other',
      authorization: `Basic ${Buffer.from('u:p:w').toString('base64')}`,
    });
    expect(server.requests[0].headers).toMatchObject({
      'content-type': 'application/gzip',
      authorization: 'Bearer of-the-environment',
    });
  });

  it('keeps what is remembered elsewhere', async () => {
    const file = join(sandbox.root, 'memory.json');
    const name = module(
      `share.rememberIn((destination) => ({
        async read() { try { return JSON.parse(await fs.readFile('${file}', 'utf8')); } catch { return undefined; } },
        async write(remembered) { await fs.writeFile('${file}', JSON.stringify(remembered)); },
      }));`,
    );
    const path = join(sandbox.root, name);
    writeFileSync(path, `import fs from 'node:fs/promises';\n${readFileSync(path, 'utf8')}`);
    await sandbox.done('share', '--to', out, '--collectors', name);
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).collectors).sort()).toEqual([
      'by_asset',
      'by_day',
      'by_region',
      'totals',
    ]);
    expect((await sandbox.done('share', '--to', out, '--collectors', name)).packages).toEqual([]);
    writeFileSync(file, '{"collectors":{"a":1}}');
    expect(await codeOf('--collectors', name)).toBe('SHARING_MEMORY_FAILED');
  });
});

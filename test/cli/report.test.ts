import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { cellsOf, readPage } from '../support/report-page.js';
import { addressOf, logText, type TruthLine } from '../support/truth.js';

/** Names as keys have them: encoded, and raw in what only a store of another kind would log. */
const DATASETS = ['ds1', 'ds2', '%253Cscript%253E', "'><img/src=x>", '\u202egpj', 'x'.repeat(900)];

const LINES: readonly TruthLine[] = DATASETS.flatMap((dataset, d) =>
  Array.from({ length: 90 - 10 * d }, (_, n) => ({
    key: `${dataset}/sub-${n % 4}/<b>file</b>-${n % 9}`,
    time: 1_700_000_000 + 40_000 * n,
    client: 1 + (n % 70),
    bytes: 10n ** BigInt(n % 13),
    status: n % 3 === 0 ? 206 : 200,
  })),
);

let sandbox: Sandbox;
let report: string;

beforeEach(async () => {
  sandbox = new Sandbox();
  report = join(sandbox.root, 'report.html');
  sandbox.write('log', logText(LINES));
  await sandbox.done('extract', 'logs');
});

/** A program of this name that notes its arguments, first in the path. */
function starter(name: string, status = 0): NodeJS.ProcessEnv {
  const folder = join(sandbox.root, 'programs');
  mkdirSync(folder);
  const text = `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > ${folder}/said\nenv > ${folder}/env\nexit ${status}\n`;
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o755);
  return { PATH: `${folder}:/usr/bin:/bin` };
}

describe('report', () => {
  it('tells what is published, the same each time, and no address', async () => {
    await sandbox.done('update');
    const told = await sandbox.done('report', '--title', 'Our <archive>');
    const html = readFileSync(report, 'utf8');
    expect(told).toEqual({
      report,
      bytes: Buffer.byteLength(html),
      datasets: DATASETS.length,
      pages: DATASETS.length,
      changedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      opened: null,
    });
    const { document, data } = readPage(html);
    expect(document.querySelector('h1')?.textContent).toBe('Our <archive>');
    const tree = readTree(join(sandbox.cache, 'summaries'));
    const totals = JSON.parse(tree.get('totals.json') ?? '') as Record<
      string,
      Record<string, number>
    >;
    const rows = cellsOf(document, '#dataset-table');
    expect(
      Object.fromEntries(rows.map(([name, , bytes, requests]) => [name, [bytes, requests]])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(totals).map(([name, own]) => [
          name,
          [String(own.total_bytes_sent), String(own.total_number_of_requests)],
        ]),
      ),
    );
    const days = (tree.get('archive/by_day.tsv') ?? '').trim().split('\n').slice(1);
    expect(data.days).toEqual(days.map((line) => line.split('\t')));
    expect([...document.querySelectorAll('img, b, main img')]).toEqual([]);
    const addresses = [...new Set(LINES.map(({ client }) => addressOf(client)))];
    expect(addresses.filter((address) => html.includes(address))).toEqual([]);
    await sandbox.done('report', '--title', 'Our <archive>', '--output', 'again/and/again.html');
    expect(readFileSync(join(sandbox.root, 'again/and/again.html'), 'utf8')).toBe(html);
    expect([...readTree(sandbox.cache).keys()].filter((name) => name.endsWith('.html'))).toEqual(
      [],
    );
  });

  it('needs something that is published, and rounded', async () => {
    const early = await sandbox.run(['report']);
    expect([early.status, early.stderr]).toEqual([
      1,
      expect.stringContaining('[NOTHING_PUBLISHED]'),
    ]);
    await sandbox.done('update', '--threshold', '0', '--modulus', '1');
    const exact = await sandbox.run(['report']);
    expect([exact.status, exact.stderr]).toEqual([1, expect.stringContaining('[NOT_ROUNDED]')]);
    expect(existsSync(report)).toBe(false);
  });

  it('stands where it does no harm', async () => {
    await sandbox.done('update');
    mkdirSync(join(sandbox.root, 'folder.html'));
    writeFileSync(join(sandbox.root, 'thesis.doc'), 'years of work');
    symlinkSync(sandbox.cache, join(sandbox.root, 'way'));
    symlinkSync(join(sandbox.root, 'thesis.doc'), join(sandbox.root, 'link.html'));
    for (const output of [
      'way/report.html',
      'way/new/report.html',
      'link.html',
      'thesis.doc',
      'folder.html',
      'cache/report.html',
      'cache/summaries/index.html',
    ]) {
      const { status, stderr } = await sandbox.run(['report', '--output', output]);
      expect([output, status, stderr]).toEqual([
        output,
        2,
        expect.stringContaining('[REPORT_FILE]'),
      ]);
    }
    expect(readFileSync(join(sandbox.root, 'thesis.doc'), 'utf8')).toBe('years of work');
    const under = await sandbox.run(['report', '--output', 'thesis.doc/report.html']);
    expect([under.status, under.stderr]).toEqual([1, expect.stringContaining('[REPORT_FILE]')]);
  });

  it.runIf(process.platform === 'linux')('is shown by the system, as one argument', async () => {
    await sandbox.done('update');
    const env = starter('xdg-open');
    const name = 'a b;$(touch pwned)".html';
    const secrets = {
      S3_LOG_EXTRACTION_PASSWORD: 'a canary that no browser sees',
      IPINFO_API_KEY: 'canary',
      AWS_SECRET_ACCESS_KEY: 'canary',
      SHARE_TOKEN: 'canary',
      DISPLAY: ':7',
    };
    const shown = await sandbox.run(['report', '--open', '--output', name, '--json'], {
      env: { ...env, ...secrets },
    });
    expect([shown.status, shown.stderr, shown.json.opened]).toEqual([0, '', true]);
    const given = readFileSync(join(sandbox.root, 'programs', 'env'), 'utf8');
    expect(given).toContain('DISPLAY=:7');
    expect(given).not.toContain('canary');
    const said = readFileSync(join(sandbox.root, 'programs', 'said'), 'utf8');
    expect(said).toBe(`1\n${join(sandbox.root, name)}\n`);
    expect(existsSync(join(sandbox.root, 'pwned'))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is there also where no browser is', async () => {
    await sandbox.done('update');
    for (const env of [{ PATH: join(sandbox.root, 'none') }, starter('xdg-open', 3)]) {
      const { status, stderr, json } = await sandbox.run(['report', '--open', '--json'], { env });
      expect([status, stderr, json.opened]).toEqual([
        0,
        expect.stringContaining(`Open this file in one yourself: ${report}`),
        false,
      ]);
      expect(existsSync(report)).toBe(true);
    }
  });
});

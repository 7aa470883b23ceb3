import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  makeReport,
  REPORT_BYTES,
  type ReportSource,
  renderReport,
} from '../../src/report/index.js';
import { MOST_DAYS } from '../../src/report/model/pack.js';
import { type MadeUpOptions, madeUpArchive } from '../support/made-up-archive.js';
import { cellsOf, largestRows, type Node, readPage } from '../support/report-page.js';

const ACCOUNT = {
  lines: {
    total: 1_000_031,
    kept: 900_011,
    skipped: 100_009,
    rejected: 11,
    reasons: { invalid_time: 11 },
  },
  pendingCommits: 1,
  isRepairPending: false,
};

const HOSTILE = [
  '<script>alert(1)</script>',
  '</script><img src=x onerror=alert(1)>',
  '\u202egpj.exe',
  `"quoted" 'name' & <b>more</b>`,
  'a\u2028b\u2029c\0d\re',
  'x'.repeat(1024),
  '%E0%A4%A#?&=+ /..',
  '__proto__',
  '\ud800half',
  '',
];

function page(options: MadeUpOptions, title?: string) {
  const source = madeUpArchive(options);
  const html = renderReport(source, { title });
  return { source, html, ...readPage(html) };
}

describe('the report of an archive of 1,000 datasets', () => {
  let source: ReportSource;
  let html: string;
  let document: Node;
  let data: ReturnType<typeof readPage>['data'];

  beforeAll(() => {
    source = madeUpArchive();
    html = renderReport(source, { title: 'Our archive', account: ACCOUNT });
    ({ document, data } = readPage(html));
  });

  it('has less than 1 MB, and a page for each', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(REPORT_BYTES);
    expect(data.datasets).toHaveLength(1000);
  });

  it('has the same bytes again', () => {
    expect(renderReport(madeUpArchive(), { title: 'Our archive', account: ACCOUNT }) === html).toBe(
      true,
    );
  });

  it('lets a browser run and apply what stands in it, by its hash, and load nothing', () => {
    const policy = document.querySelector('[http-equiv]')?.getAttribute('content') ?? '';
    const hash = (text: string | undefined) =>
      `'sha256-${createHash('sha256')
        .update(text ?? '')
        .digest('base64')}'`;
    const script = /<script>(.*?)<\/script>/s.exec(html)?.[1];
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1];
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect([...document.querySelectorAll('script')].map((one) => one.getAttribute('type'))).toEqual(
      ['application/octet-stream', null],
    );
    expect([...document.querySelectorAll('style')]).toHaveLength(1);
    const names = new Set(
      [...document.querySelectorAll('*')].flatMap(({ attributes }) =>
        [...attributes].map(({ name }) => name),
      ),
    );
    expect([...names].filter((name) => /^on|^style$|^src|action/.test(name))).toEqual([]);
    const links = [...document.querySelectorAll('[href]')].map(
      (one) => one.getAttribute('href') ?? '',
    );
    expect(links.filter((link) => !/^#|^data:image\/svg/.test(link))).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
  });

  it('has a script that a browser can read, of names that are there once', () => {
    const script = /<script>(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect(() => new Script(script)).not.toThrow();
    expect(script).not.toMatch(/^\s*(?:import|export)\b/m);
    expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|\beval\b|\bfetch\b/);
  });

  it('tells the totals of each dataset as they are published', () => {
    const totals = source.totals();
    const rows = cellsOf(document, '#dataset-table');
    expect(rows).toHaveLength(1000);
    for (const [name, , ...cells] of rows) {
      const own = totals?.get(name);
      expect([name, ...cells]).toEqual([
        name,
        ...[
          own?.total_bytes_sent,
          own?.total_number_of_requests,
          own?.total_number_of_downloads,
          own?.number_of_requesters,
          own?.number_of_unique_countries,
          own?.number_of_unique_regions,
        ].map(String),
      ]);
    }
    const bytes = rows.map(([, , sent]) => BigInt(sent));
    expect(bytes).toEqual([...bytes].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0)));
  });

  it('tells each region as it is published, most bytes first', () => {
    const rows = cellsOf(document, '#region-table').map(([name, bytes, , ...cells]) => [
      name,
      bytes,
      ...cells,
    ]);
    expect(rows).toEqual(largestRows(source, 'archive/by_region.tsv'));
  });

  it('has the days of the archive as they are published, and the largest assets and regions of each dataset', () => {
    expect(data.days).toEqual(source.table('archive/by_day.tsv')?.rows);
    const folders = new Map(source.datasets.map(({ name, folder }) => [name, folder]));
    for (const { name, assets, regions } of data.datasets) {
      for (const [kind, { rows, all }] of Object.entries({
        by_asset: assets,
        by_region: regions,
      })) {
        const whole = largestRows(source, `${folders.get(name)}/${kind}.tsv`);
        expect(all).toBe(whole.length);
        expect(rows.length).toBeGreaterThanOrEqual(Math.min(5, all));
        expect(rows.map(([, bytes]) => bytes)).toEqual(
          whole.slice(0, rows.length).map(([, bytes]) => bytes),
        );
        for (const row of rows) expect(whole).toContainEqual(row);
      }
    }
  });

  it('draws a dot for each region that is at a place, and land', () => {
    const titles = [...document.querySelectorAll('.map circle title')].map(
      ({ textContent }) => textContent,
    );
    const placed = largestRows(source, 'archive/by_region.tsv').filter(
      ([name, bytes]) => bytes !== '0' && (source.coordinates()?.get(name)?.latitude ?? -90) > -58,
    );
    expect(titles.map((text) => text.split(': ')[0])).toEqual(placed.map(([name]) => name));
    expect(document.querySelector('.land')?.getAttribute('d')?.length).toBeGreaterThan(20_000);
  });

  it('rounds the account of lines, which would tell the exact number of requests', () => {
    const text = document.querySelector('#freshness')?.textContent ?? '';
    expect(text).toContain('900,020');
    expect(text).toContain('invalid time: <50');
    expect(html).not.toMatch(/900,?011|100,?009|1,?000,?031/);
    expect(text).toContain('1 batch');
  });

  it('says what is held back: the threshold, and how many counts', () => {
    const [day] = cellsOf(document, '#privacy table');
    const all = [...source.datasets.map(({ folder }) => folder), 'archive'].flatMap(
      (folder) => source.table(`${folder}/by_day.tsv`)?.rows ?? [],
    );
    const held = all.flatMap(([, , ...counts]) => counts).filter((cell) => cell.startsWith('<'));
    expect(day.slice(0, 3)).toEqual(['By day', String(2 * all.length), String(held.length)]);
    expect(document.querySelector('#privacy')?.textContent).toMatch(/below 50.+multiple of 20/s);
  });
});

describe('hostile names', () => {
  it('make no element, and come out whole', () => {
    const usual = page({ datasets: 30, days: 120, regions: true });
    const hostile = page(
      { datasets: 30, days: 120, names: HOSTILE, assetPath: () => HOSTILE[1] },
      HOSTILE[1],
    );
    const tags = ({ document }: { document: Node }) =>
      [...document.querySelectorAll('*')]
        .map(({ localName }) => localName)
        .filter((name) => name !== 'path');
    expect(tags(hostile)).toEqual(tags(usual));
    const links = [...hostile.document.querySelectorAll('#dataset-table a')];
    expect(links).toHaveLength(30);
    const named = links.map((link) =>
      decodeURIComponent((link.getAttribute('href') ?? '').slice('#dataset='.length)),
    );
    expect(named).toEqual(
      expect.arrayContaining(HOSTILE.map((name) => name.replace('\ud800', '\ufffd'))),
    );
    expect(hostile.data.datasets.map(({ name }) => name)).toEqual(expect.arrayContaining(HOSTILE));
    expect(hostile.data.datasets.find(({ name }) => name === '__proto__')?.assets.rows[0][0]).toBe(
      HOSTILE[1],
    );
    expect(hostile.document.querySelector('title')?.textContent).toBe(HOSTILE[1]);
  });

  it('that are long, and many, do not make it larger', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `${i}${'é'.repeat(512)}`);
    const source = madeUpArchive({
      names,
      days: 30,
      assets: 2,
      assetPath: (d, a) => `${d}-${a}-${'ü'.repeat(500)}`,
    });
    const { html, datasets, pages } = makeReport(source);
    expect(Buffer.byteLength(html)).toBeLessThan(REPORT_BYTES);
    expect(datasets).toBe(1000);
    const { document } = readPage(html);
    const rows = cellsOf(document, '#dataset-table');
    expect(pages).toBeLessThanOrEqual(rows.length);
    expect(rows.length).toBeGreaterThan(50);
    expect(document.querySelector('#datasets')?.textContent).toContain(
      `${(1000 - rows.length).toLocaleString('en')} more datasets`,
    );
  });
});

describe('archives of other kinds', () => {
  it('of more datasets than there is room for list those with most bytes', () => {
    const { document, source, html, data } = page({ datasets: 2600, days: 12, assets: 2 });
    expect(Buffer.byteLength(html)).toBeLessThan(REPORT_BYTES);
    const listed = cellsOf(document, '#dataset-table').map(([name]) => name);
    const bytes = [...(source.totals() ?? [])].sort(([, a], [, b]) =>
      Number(b.total_bytes_sent - a.total_bytes_sent),
    );
    expect(listed.length).toBeGreaterThan(1500);
    expect(new Set(listed)).toEqual(new Set(bytes.slice(0, listed.length).map(([name]) => name)));
    expect(data.datasets.map(({ name }) => name)).toEqual(listed.slice(0, data.datasets.length));
    const rest = bytes.slice(listed.length);
    expect(document.querySelector('#datasets .note data')?.getAttribute('value')).toBe(
      String(rest.reduce((sum, [, own]) => sum + own.total_bytes_sent, 0n)),
    );
  });

  it('of twenty years keep their newest days', () => {
    const { data, html } = page({ datasets: 3, days: 7300 });
    expect(data.days).toHaveLength(MOST_DAYS);
    expect(Buffer.byteLength(html)).toBeLessThan(REPORT_BYTES);
  });

  it('of one day show it', () => {
    const { document, data } = page({ datasets: 1, days: 1 });
    expect(data.datasets[0].unit).toBe('day');
    expect(document.querySelector('.lead')?.textContent).toBe(
      '6 March 2023 · published 1 December 2025',
    );
    expect(document.querySelector('#time .chart .bar')?.getAttribute('d')).toMatch(/^M/);
  });

  it('without regions say how to get them', () => {
    const { document } = page({ datasets: 2, days: 40, regions: false });
    expect(document.querySelector('#regions')?.textContent).toContain(
      'update ip regions --database',
    );
    expect(document.querySelector('.map')).toBeNull();
  });

  it('without coordinates say how to get them, and have the table', () => {
    const { document } = page({ datasets: 2, days: 40, coordinates: false });
    expect(document.querySelector('#regions')?.textContent).toContain('update ip coordinates');
    expect(cellsOf(document, '#region-table').length).toBeGreaterThan(5);
  });

  it('without totals add up bytes, and claim no count', () => {
    const { document, source } = page({ datasets: 2, days: 40, totals: false });
    const rows = cellsOf(document, '#dataset-table');
    const days = source.table('folder-0/by_day.tsv')?.rows ?? [];
    expect(rows[0].slice(2)).toEqual([
      String(days.reduce((sum, [, bytes]) => sum + BigInt(bytes), 0n)),
      ...['–', '–', '<50', '–', '–'],
    ]);
  });

  it('of which nothing but totals is published say what to do', () => {
    const empty = { ...madeUpArchive({ datasets: 0 }), table: () => undefined };
    const { document } = readPage(renderReport(empty));
    const hints = [...document.querySelectorAll('.empty')].map(({ textContent }) => textContent);
    expect(hints).toHaveLength(3);
    for (const hint of hints) expect(hint).toContain('s3logextraction update');
  });
});

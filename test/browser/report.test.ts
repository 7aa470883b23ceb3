import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dayNumber, longDate } from '../../src/report/chart/dates.js';
import { folderOf, HOSTILE, makeArchive, readReport, rowsOf, type Tree } from './archive.js';

/** A Chromium, which `.ci/run` installs; elsewhere `S3LOG_CHROMIUM=/usr/bin/chromium` runs these tests. */
const CHROMIUM = process.env.S3LOG_CHROMIUM;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const;

let browser: Browser;
let folder: string | undefined;
let url: string;
let html: string;
let tree: Tree;
let names: string[];
/** What a browser must never say or ask for. */
const faults: string[] = [];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  const made = await makeArchive();
  ({ tree, names } = made);
  html = readReport(made.sandbox);
  // The sandbox goes with the first test.
  folder = mkdtempSync(join(tmpdir(), 's3logextraction-test-'));
  writeFileSync(join(folder, 'report.html'), html);
  url = pathToFileURL(join(folder, 'report.html')).href;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

afterEach(() => expect(faults.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function open(options: BrowserContextOptions = {}, hash = ''): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZES.desktop, ...options });
  const page = await context.newPage();
  page.on('console', (message) => faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push('dialog');
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:image/svg')) {
      faults.push(`request: ${request.url().slice(0, 100)}`);
    }
  });
  await page.goto(url + hash);
  if (options.javaScriptEnabled !== false) await page.locator('html.on').waitFor();
  return page;
}

/** Everything that axe finds, one line each. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 120)} ${node.failureSummary}`),
  );
}

function numberText(cell: string | number): string {
  return String(cell).replace(/\B(?=(\d{3})+$)/g, ',');
}

async function exactly(page: Page): Promise<void> {
  await page.getByLabel('Exact bytes').check();
}

/** Cells of a table's body, in one question: there may be a thousand rows. */
function bodyOf(page: Page, table: string): Promise<string[][]> {
  const rows = `document.querySelectorAll('${table} tbody tr')`;
  return page.evaluate(
    `[...${rows}].map(({ cells }) => [...cells].map((cell) => cell.textContent))`,
  );
}

describe.skipIf(CHROMIUM === undefined)('the report of 1,000 datasets in a browser', () => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`is accessible and fits: ${size}, ${colorScheme}`, async () => {
        const page = await open({ viewport, colorScheme });
        expect(await violations(page)).toEqual([]);
        // With a thousand rows axe takes half a minute: once is enough.
        if (viewport === SIZES.desktop && colorScheme === 'light') {
          await page.getByRole('button', { name: 'Show all 1,000' }).click();
        }
        await page.locator('.numbers summary').first().click();
        const chooses = colorScheme === 'light' ? 'Dark' : 'Light';
        await page.getByRole('radio', { name: chooses }).check();
        expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe(
          chooses.toLowerCase(),
        );
        expect(await violations(page)).toEqual([]);
        const width = 'document.documentElement.scrollWidth';
        expect(await page.evaluate(width)).toBe(viewport.width);
        await page.locator('#dataset-table tbody a').first().click();
        await page.locator('#asset-table tbody tr').first().waitFor();
        expect(await violations(page)).toEqual([]);
        expect(await page.evaluate(width)).toBe(viewport.width);
        await page.context().close();
      });
    }

    it(`tells the published numbers: ${size}`, async () => {
      const page = await open({ viewport });
      await exactly(page);
      const totals = JSON.parse(tree.get('totals.json') ?? '') as Record<
        string,
        Record<string, string | number>
      >;
      await page.getByRole('button', { name: 'Show all 1,000' }).click();
      const rows = await bodyOf(page, '#dataset-table');
      expect(rows).toHaveLength(1000);
      for (const [name, , ...cells] of rows) {
        const own = totals[name];
        const wanted = [
          own.total_bytes_sent,
          own.total_number_of_requests,
          own.total_number_of_downloads,
          own.number_of_requesters,
          own.number_of_unique_countries,
          own.number_of_unique_regions,
        ];
        expect([name, ...cells]).toEqual([name, ...wanted.map(numberText)]);
      }
      await page.getByRole('radio', { name: 'Day' }).check();
      await page.locator('.numbers summary').first().click();
      expect(await bodyOf(page, '[data-numbers=archive]')).toEqual(
        rowsOf(tree, 'archive/by_day.tsv').map(([date, ...cells]) => [
          longDate(dayNumber(date)),
          ...cells.map(numberText),
        ]),
      );
      const regions = await bodyOf(page, '#region-table');
      expect(
        regions
          .map(([name, bytes, , requests, downloads]) => [name, bytes, requests, downloads])
          .sort(),
      ).toEqual(
        rowsOf(tree, 'archive/by_region.tsv')
          .map(([name, ...cells]) => [name, ...cells.map(numberText)])
          .sort(),
      );
      await page.context().close();
    });

    it(`has a page for each dataset, and hostile names do no harm: ${size}`, async () => {
      const page = await open({ viewport });
      await exactly(page);
      for (const name of [...HOSTILE, 'ds0042']) {
        await page.getByRole('searchbox').fill(name);
        await page.getByRole('searchbox').press('Enter');
        await page.locator('#dataset').waitFor();
        expect(await page.locator('#dataset-name').textContent()).toBe(name);
        expect(await page.title()).toContain(name.slice(0, 80));
        const assets = await bodyOf(page, '#asset-table');
        const published = rowsOf(tree, `${folderOf(names, name)}/by_asset.tsv`);
        expect(assets.length).toBeGreaterThanOrEqual(Math.min(5, published.length));
        for (const row of assets) {
          expect(
            published.map(([path, ...cells]) => [path, ...cells.map(numberText)]),
          ).toContainEqual(row);
        }
        expect(await page.locator('#dataset .bar').count()).toBeGreaterThan(1);
        await page.getByRole('link', { name: 'All datasets' }).click();
        await page.locator('#overview').waitFor();
      }
      await page.goto(`${url}#dataset=no-such%dataset`);
      expect(await page.locator('#dataset').textContent()).toContain(
        'There is no dataset of this name',
      );
      expect(await page.title()).not.toBe('pwned');
      await page.context().close();
    });
  }

  it('is found by its address', async () => {
    const page = await open({}, '#dataset=ds0042');
    expect(await page.locator('#dataset-name').textContent()).toBe('ds0042');
    expect(await page.locator('#overview').isVisible()).toBe(false);
    await page.context().close();
  });

  it('searches and sorts', async () => {
    const page = await open();
    const first = page.locator('#dataset-table tbody th').first();
    await page.getByRole('searchbox').fill('DS00 7');
    const wanted = names.filter((name) => name.includes('ds00') && name.includes('7'));
    expect(await page.locator('#dataset-found').textContent()).toBe(`${wanted.length} of 1,000`);
    expect((await page.locator('#dataset-table tbody th').allTextContents()).sort()).toEqual(
      wanted.sort(),
    );
    await page.getByRole('searchbox').fill('');
    const head = (name: string) =>
      page.locator('#dataset-table thead').getByRole('button', { name });
    await head('Requests').click();
    expect(await first.textContent()).toBe('ds0000');
    expect(await page.locator('#dataset-table th[aria-sort=descending]').textContent()).toBe(
      'Requests',
    );
    await head('Requests').click();
    expect(
      await page.locator('#dataset-table tbody tr').first().locator('td').nth(2).textContent(),
    ).toBe('<50');
    await head('Dataset').click();
    await page.getByRole('button', { name: 'Show all 1,000' }).click();
    const shown = (await page.locator('#dataset-table tbody th').allTextContents()).filter((name) =>
      /^ds\d/.test(name),
    );
    expect(shown).toEqual([...shown].sort());
    await page.context().close();
  });

  it('is looked at by day, week and month, on two scales, summed up', async () => {
    const page = await open();
    const bars = async () =>
      ((await page.locator('#archive-time .bar').first().getAttribute('d')) ?? '').split('M')
        .length - 1;
    const days = rowsOf(tree, 'archive/by_day.tsv').map(([date]) => date);
    await page.getByRole('radio', { name: 'Day' }).check();
    expect(await bars()).toBe(days.length);
    await page.getByRole('radio', { name: 'Month' }).check();
    expect(await bars()).toBe(new Set(days.map((date) => date.slice(0, 7))).size);
    const labels = () => page.locator('#archive-time .value').allTextContents();
    const linear = await labels();
    await page.getByRole('radio', { name: 'Log' }).check();
    expect(await labels()).not.toEqual(linear);
    await page.getByLabel('Cumulative').first().check();
    expect(await page.locator('#archive-time .sum').count()).toBe(3);
    expect(await page.locator('#archive-time .bar').count()).toBe(0);
    await page.locator('#archive-time .plot').hover();
    expect(await page.locator('#archive-time .readout').textContent()).toMatch(
      /^Up to \w+ \d{4}: [\d.]+ \wB sent · requests /,
    );
    await page.context().close();
  });

  it('is used with the keyboard alone', async () => {
    const page = await open();
    const focused = (selector: string) =>
      page.locator(`${selector}:focus`).waitFor({ timeout: 5000 });
    const tabTo = async (selector: string): Promise<void> => {
      for (let i = 0; i < 120; i++) {
        await page.keyboard.press('Tab');
        if ((await page.locator(`${selector}:focus`).count()) > 0) return;
      }
      throw new Error(`Tab never came to ${selector}.`);
    };
    await page.keyboard.press('Tab');
    await focused('.skip');
    await page.keyboard.press('Enter');
    await focused('#overview');
    await tabTo('[name=archive-unit]');
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('radio', { name: 'Month' }).isChecked()).toBe(true);
    await tabTo('#archive-time .scrub');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const text = await page.locator('#archive-time .scrub').getAttribute('aria-valuetext');
    expect(text).toMatch(/^August 2023: .+ sent · requests .+ · downloads /);
    expect(await page.locator('#archive-time .readout').textContent()).toBe(text);
    await tabTo('#region-table thead button');
    await page.keyboard.press('Enter');
    expect(await page.locator('#region-table thead th').first().getAttribute('aria-sort')).toBe(
      'ascending',
    );
    await tabTo('#dataset-search');
    await page.keyboard.type('ds0042');
    await page.keyboard.press('Enter');
    await focused('#dataset-name');
    await page.keyboard.press('Shift+Tab');
    await focused('.back');
    await page.keyboard.press('Enter');
    await focused('#dataset-table a');
    expect(await page.locator(':focus').textContent()).toBe('ds0042');
    await page.context().close();
  });

  it('has its plots, its map and all of its tables also without a script', async () => {
    const page = await open({ javaScriptEnabled: false });
    expect(await page.locator('#archive-time .bar').first().isVisible()).toBe(true);
    expect(await page.locator('.map circle').count()).toBeGreaterThan(3);
    expect(await page.locator('#dataset-table tbody tr:visible').count()).toBe(1000);
    for (const scripted of await page.locator('.scripted').all()) {
      expect(await scripted.isVisible()).toBe(false);
    }
    await page.context().close();
  });

  it('is printed light, without what can only be clicked', async () => {
    const page = await open({ colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe(
      'light',
    );
    for (const name of ['.topbar', '.switches', '.search', '.back']) {
      expect(await page.locator(name).first().isVisible()).toBe(false);
    }
    expect(await page.locator('#archive-time .bar').first().isVisible()).toBe(true);
    await page.context().close();
  });

  it('has less than 1 MB', () => expect(Buffer.byteLength(html)).toBeLessThan(1_000_000));
});

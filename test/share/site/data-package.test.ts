import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import Papa from 'papaparse';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../../cache/engine.js';
import { openPublished } from '../../../src/share/published/published-archive.js';
import { resourceName } from '../../../src/share/site/data-package.js';
import { writeSite } from '../../../src/share/site/write-site.js';
import { updateSummaries } from '../../../src/summarize/update-summaries.js';
import { updateTotals } from '../../../src/summarize/update-totals.js';
import { DATA_PACKAGE_PROFILE, TABLE_SCHEMA_PROFILE } from '../../support/data-package-profile.js';
import { records } from '../../support/random-records.js';
import { scratchDirectory } from '../../support/scratch.js';
import { SyntheticCache, type SyntheticRecord } from '../../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;
const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false });
const isPackage = ajv.compile(DATA_PACKAGE_PROFILE);
const isTableSchema = ajv.compile(TABLE_SCHEMA_PROFILE);

beforeEach(async () => {
  cache = new SyntheticCache();
  engine = await openEngine(cache.paths, { threads: 2 });
});

afterEach(() => {
  engine.close();
  cache.remove();
});

async function siteOf(all: readonly SyntheticRecord[]): Promise<string> {
  await cache.commit(all);
  for (const mode of ['dataset', 'archive'] as const) {
    await updateSummaries(cache.paths, engine, { mode });
    await updateTotals(cache.paths, engine, { mode });
  }
  const site = join(scratchDirectory(), 'site');
  writeSite(openPublished(cache.paths), site, { license: 'cc-by-4.0', homepage: 'https://a.org' });
  return site;
}

interface Resource {
  readonly name: string;
  readonly path: string | string[];
  readonly type?: string;
  readonly schema?: string;
  readonly dialect?: { readonly delimiter: string; readonly header?: boolean };
}

interface Field {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly missingValues?: string[];
  readonly constraints?: { readonly required?: boolean; readonly minimum?: number };
}

function valid(validate: ValidateFunction, value: unknown): void {
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
}

function json<T>(site: string, path: string): T {
  return JSON.parse(readFileSync(join(site, path), 'utf8')) as T;
}

/** What a reader of the standard makes of a cell; an error for what the schema does not allow. */
function cast(cell: string, field: Field, missing: readonly string[]): string | bigint | null {
  if ((field.missingValues ?? missing).includes(cell)) {
    if (field.constraints?.required === true) throw new Error(`${field.name} is missing`);
    return null;
  }
  if (field.type === 'string') return cell;
  if (field.type === 'date') {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(cell)) throw new Error(`${cell} is no date`);
    return cell;
  }
  if (!/^\d+$/.test(cell)) throw new Error(`${cell} is no integer`);
  if (BigInt(cell) < BigInt(field.constraints?.minimum ?? 0)) throw new Error(`${cell} is less`);
  return BigInt(cell);
}

/** Check every cell of every table. @returns how many, and how many are missing */
function checkTables(site: string): { cells: number; missing: number } {
  const { resources } = json<{ resources: Resource[] }>(site, 'datapackage.json');
  const account = { cells: 0, missing: 0 };
  for (const { path, type, schema, dialect } of resources) {
    for (const one of [path].flat()) expect(existsSync(join(site, one)), one).toBe(true);
    if (type !== 'table') continue;
    const { fields, missingValues } = json<{ fields: Field[]; missingValues: string[] }>(
      site,
      schema as string,
    );
    const { data } = Papa.parse<string[]>(readFileSync(join(site, path as string), 'utf8'), {
      delimiter: dialect?.delimiter,
      newline: '\n',
      skipEmptyLines: true,
    });
    if (dialect?.header !== false) {
      expect(data.shift()).toEqual(fields.map(({ name }) => name));
    }
    for (const row of data) {
      expect(row).toHaveLength(fields.length);
      for (const [i, cell] of row.entries()) {
        account.cells++;
        if (cast(cell, fields[i] as Field, missingValues) === null) account.missing++;
      }
    }
  }
  return account;
}

function many(key: string, count: number): SyntheticRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    key,
    time: 1_700_000_000 + n * 1000,
    requester: n,
    bytesSent: 2n ** 55n,
    download: n % 2 === 0,
  }));
}

test('the descriptor follows the standard, and every cell of every table its schema', async () => {
  const site = await siteOf([
    ...many('ds1/a', 120),
    ...many('ds1/<50', 3),
    ...many('=x/"+y\t', 70),
  ]);
  const descriptor = json<Record<string, unknown>>(site, 'datapackage.json');
  valid(isPackage, descriptor);
  expect(descriptor).toMatchObject({
    created: openPublished(cache.paths).changedAt,
    licenses: [{ name: 'CC-BY-4.0', path: 'https://creativecommons.org/licenses/by/4.0/' }],
    homepage: 'https://a.org',
    privacy: { threshold: 50, modulus: 20, robots: 'include' },
  });
  const { cells, missing } = checkTables(site);
  expect(cells).toBeGreaterThan(40);
  // An asset that is named like a suppressed count is none.
  expect(missing).toBeGreaterThan(2);
  expect(readFileSync(join(site, 'summaries/ds1/by_asset.tsv'), 'utf8')).toContain('<50\t');
  const { resources } = descriptor as { resources: Resource[] };
  const names = resources.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { schema } of resources) {
    if (schema !== undefined) valid(isTableSchema, json(site, schema));
  }
  valid(isTableSchema, json(site, 'schemas/by_asset_per_week.json'));
});

test('names of resources are those that the standard recommends, and each is another', () => {
  expect(resourceName('DS_1 é/by_day')).toBe('_44_53_5f1_20_c3_a9/by_day');
  expect(resourceName('archive_totals')).toBe('archive_totals');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const [one, other] = [a, b].map((name) => resourceName(`${name}/by_day`));
      expect(one).toMatch(/^[-a-z0-9._/]+$/);
      expect(one === other).toBe(a === b);
    }),
  );
});

test('so it is of archives whose datasets have whatever names', async () => {
  await fc.assert(
    fc.asyncProperty(
      records.filter((all) => all.length > 0),
      async (all) => {
        const site = await siteOf(all);
        valid(isPackage, json(site, 'datapackage.json'));
        checkTables(site);
      },
    ),
    { numRuns: 6 },
  );
}, 60_000);

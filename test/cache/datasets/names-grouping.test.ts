import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DatasetNames,
  inByteOrder,
  readDatasetNames,
  writeDatasetNames,
} from '../../../cache/datasets/dataset-names.js';
import { groupingId, openGrouping, readGrouping } from '../../../cache/datasets/grouping.js';
import { indexNames } from '../../../cache/datasets/names-grouping.js';
import { updateSettings } from '../../../cache/settings.js';
import { SyntheticCache } from '../../support/synthetic-cache.js';

type Found = readonly [dataset: string, path: string];

/** All keys by one grouping, as a thread does it. */
function groupAll(names: DatasetNames, keys: readonly string[]): Found[] {
  const grouping = openGrouping({ rule: 'names', index: structuredClone(indexNames(names)) });
  return keys.map((key) => {
    const bytes = Buffer.from(`??${key}/behind/it`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    grouping.group(bytes, view, 2, Buffer.byteLength(key));
    const { start, length, datasetLength } = grouping;
    const found = Buffer.from(grouping.bytes.subarray(start, start + length));
    expect(grouping.view.getUint8(start)).toBe(found[0]);
    const path = Math.min(datasetLength + 1, length);
    return [found.toString('utf8', 0, datasetLength), found.toString('utf8', path)];
  });
}

/** As it is stated, without anything that makes it fast. */
function stated({ prefixes, otherwise }: DatasetNames, key: string): Found {
  const [best] = prefixes
    .filter(([prefix]) => key.startsWith(prefix))
    .sort(([one], [other]) => Buffer.byteLength(other) - Buffer.byteLength(one));
  if (best !== undefined) {
    const [prefix, name] = best;
    const isShared = prefixes.filter(([, other]) => other === name).length > 1;
    return [name, isShared ? key : key.slice(prefix.length)];
  }
  const [first, ...rest] = key.split('/') as [string, ...string[]];
  const isTaken = first === 'unassociated' || prefixes.some(([, name]) => name === first);
  if (otherwise === 'unassociated' || isTaken) return ['unassociated', key];
  return [first, rest.join('/')];
}

function namesOf(map: ReadonlyMap<string, string>, otherwise: DatasetNames['otherwise']) {
  return { prefixes: inByteOrder(map, ([prefix]) => prefix), otherwise };
}

const text = fc
  .array(fc.constantFrom('a', 'b', '/', 'ds1', 'ds1/', 'ü', '.', '%2F', '\u{1f600}', '\uffee'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''));
const name = fc.oneof(fc.constantFrom('a', 'ds1', 'b/b', 'Ü ü', 'unassociated.'), text);
const names = fc
  .tuple(
    fc.array(fc.tuple(text, name), { maxLength: 30 }),
    fc.constantFrom('first-component' as const, 'unassociated' as const),
  )
  .map(([entries, otherwise]) => namesOf(new Map(entries), otherwise));

describe('names of prefixes', () => {
  it('are found as it is stated, whatever prefixes there are', () => {
    const keys = fc.array(fc.oneof(text, fc.constant('unassociated/x')), { maxLength: 12 });
    fc.assert(
      fc.property(names, keys, (given, others) => {
        const begun = given.prefixes.flatMap(([prefix]) => [prefix, `${prefix}a`]);
        const all = [...others, ...begun];
        expect(groupAll(given, all)).toEqual(all.map((key) => stated(given, key)));
      }),
      { numRuns: 400 },
    );
  });

  it('never make one asset of two keys, but for a slash at the end', () => {
    fc.assert(
      fc.property(names, fc.uniqueArray(text, { maxLength: 30 }), (given, all) => {
        const keys = all.filter((key) => !key.endsWith('/'));
        const found = groupAll(given, keys).map((one) => JSON.stringify(one));
        expect(new Set(found).size).toBe(keys.length);
      }),
      { numRuns: 400 },
    );
  });

  it('are told apart where one begins with another, however deep', () => {
    const deep = Array.from({ length: 2_000 }, (_, n) => ['a'.repeat(n + 1), `n${n}`] as const);
    const given = namesOf(new Map([...deep, ['aab', 'other']]), 'unassociated');
    expect(
      groupAll(given, ['aaac', 'aabc', 'ab', 'b', 'a'.repeat(5_000), `${'a'.repeat(1_999)}b`]),
    ).toEqual([
      ['n2', 'c'],
      ['other', 'c'],
      ['n0', 'b'],
      ['unassociated', 'b'],
      ['n1999', 'a'.repeat(3_000)],
      ['n1998', 'b'],
    ]);
  });
});

describe('names in a cache', () => {
  const given: DatasetNames = { prefixes: [['ds1/', 'One']], otherwise: 'first-component' };
  const rest = { source: '/names.yaml', prefixes: 1, buckets: 0 };
  let cache: SyntheticCache;
  beforeEach(() => {
    cache = new SyntheticCache();
  });
  afterEach(() => cache.remove());

  it('are what keys are grouped by, under an id of their content', () => {
    const before = groupingId(cache.paths);
    const [one, same] = [
      writeDatasetNames(cache.paths, given),
      writeDatasetNames(cache.paths, given),
    ];
    expect(readDatasetNames(cache.paths, one)).toMatchObject(given);
    updateSettings(cache.paths, { datasets: { rule: 'names', ...one, ...rest } });
    const { id, hasWeeks } = readGrouping(cache.paths);
    expect([id, hasWeeks]).toEqual([`names ${one.sha256}`, false]);
    const ids = [before, groupingId(cache.paths)];
    updateSettings(cache.paths, { datasets: { rule: 'names', ...same, ...rest } });
    expect(readGrouping(cache.paths).id).toBe(id);
    ids.push(groupingId(cache.paths));
    expect(new Set(ids).size).toBe(2);
  });

  it.each([
    ['{}', 'make no sense'],
    ['{"version":1,"otherwise":"first-component","prefixes":[["a","x"],["a","y"]]}', 'no sense'],
    ['{"version":1,"otherwise":"first-component","prefixes":[["b","x"],["a","y"]]}', 'no sense'],
    ['{"version":1,"otherwise":"first-component","prefixes":[["","x"]]}', 'no sense'],
    ['{"version":1,"otherwise":"else","prefixes":[["a","x"]]}', 'no sense'],
    ['{', 'no sense'],
  ])('that somebody wrote as %s are not used', (content, why) => {
    const file = writeDatasetNames(cache.paths, given);
    const [stored] = readdirSync(join(cache.paths.root, 'datasets'));
    const bytes = Buffer.from(content);
    writeFileSync(join(cache.paths.root, 'datasets', stored as string), bytes);
    expect(() => readDatasetNames(cache.paths, file)).toThrow('SHA-256');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(() => readDatasetNames(cache.paths, { ...file, sha256 })).toThrow(why);
  });
});

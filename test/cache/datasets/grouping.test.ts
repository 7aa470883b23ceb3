import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readContents, writeContents } from '../../../cache/datasets/content-map.js';
import {
  compilePattern,
  type GroupingSetup,
  groupingId,
  openGrouping,
  readGrouping,
} from '../../../cache/datasets/grouping.js';
import { readSettings, updateSettings } from '../../../cache/settings.js';
import { SyntheticCache } from '../../support/synthetic-cache.js';

/** Dataset and asset path that a grouping finds, somewhere in other bytes. */
function group(setup: GroupingSetup, key: string): [dataset: string, path: string] {
  const bytes = Buffer.from(`??${key}/behind/it`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const grouping = openGrouping(setup);
  grouping.group(bytes, view, 2, Buffer.byteLength(key));
  const { start, length, datasetLength } = grouping;
  const found = Buffer.from(grouping.bytes.subarray(start, start + length));
  expect(grouping.view.getUint8(start)).toBe(found[0]);
  return [
    found.toString('utf8', 0, datasetLength),
    found.toString('utf8', Math.min(datasetLength + 1, length)),
  ];
}

const keys = fc
  .array(fc.constantFrom('a', 'b/', '/', 'ds1', 'ü', '.', '%2F', 'x-'), {
    minLength: 1,
    maxLength: 9,
  })
  .map((parts) => parts.join(''));

describe('datasets', () => {
  it('are the first components of keys, as many as are asked for', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 4 }), (key, level) => {
        const components = (level > 1 ? key.replace(/(.)\/$/s, '$1/') : key).split('/');
        let dataset = components.slice(0, level).join('/');
        let path = components.slice(level).join('/');
        // A folder with too few components is a dataset itself, without its slash.
        if (level > 1 && components.length <= level && key.length > 1 && key.endsWith('/')) {
          dataset = key.slice(0, -1);
          path = '';
        }
        expect(group({ rule: 'level', level }, key)).toEqual([dataset, path]);
      }),
    );
  });

  it('are what an expression finds; the rest of the key is the path', () => {
    const setup = { rule: 'pattern', pattern: '^data/(ds[0-9]+)(?:-|/)' } as const;
    expect(group(setup, 'data/ds12/a/b')).toEqual(['ds12', 'a/b']);
    expect(group(setup, 'data/ds12-x/b')).toEqual(['ds12', '-x/b']);
    expect(group(setup, 'other/ds12/b')).toEqual(['unassociated', 'other/ds12/b']);
    expect(group({ rule: 'pattern', pattern: '^([^/]+/[^/]+)' }, 'p/d/x')).toEqual(['p/d', 'x']);
    expect(group({ rule: 'pattern', pattern: '(ü)' }, 'aü')).toEqual(['unassociated', 'aü']);
  });

  it('come from expressions that are judged in linear time, and have a group', () => {
    expect(group({ rule: 'pattern', pattern: '^((a+)+)+$' }, `${'a'.repeat(2000)}!`)[0]).toBe(
      'unassociated',
    );
    expect(() => compilePattern(`(${'a?'.repeat(10_000)})`)).toThrow('it is too long');
    expect(() => compilePattern('a(')).toThrow('it is not an RE2 expression');
    expect(() => compilePattern('abc')).toThrow('it has no group');
    expect(() => compilePattern('(?<=a)(b)')).toThrow('it is not an RE2 expression');
  });
});

describe('a mapping of content', () => {
  let cache: SyntheticCache;
  beforeEach(() => {
    cache = new SyntheticCache();
  });
  afterEach(() => cache.remove());

  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });

  it('finds every content it has, and no other', () => {
    const places = fc.uniqueArray(fc.record({ content: names, dataset: names, path: names }), {
      selector: ({ content }) => content,
      maxLength: 40,
    });
    fc.assert(
      fc.property(places, fc.array(names, { maxLength: 10 }), (all, others) => {
        const index = readContents(cache.paths, writeContents(cache.paths, all));
        const setup = { rule: 'content', index } as const;
        const known = new Map(all.map((place) => [place.content, place]));
        for (const content of [...known.keys(), ...others].filter((one) => !one.includes('/'))) {
          const place = known.get(content);
          const expected =
            place === undefined ? ['unassociated', content] : [place.dataset, place.path];
          expect(group(setup, `zarr/${content}`)).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes blobs by their UUID, stores by their id, and all else by its key', () => {
    const id = 'abcdef01-2345-4678-89ab-cdef01234567';
    const places = [{ content: id, dataset: '000001', path: 'x.nwb' }];
    const index = readContents(cache.paths, writeContents(cache.paths, places));
    const setup = { rule: 'content', index } as const;
    expect(group(setup, `blobs/abc/def/${id}`)).toEqual(['000001', 'x.nwb']);
    expect(group(setup, `zarr/${id}/0/1`)).toEqual(['000001', 'x.nwb']);
    expect(group(setup, 'blobs/short')).toEqual(['unassociated', 'blobs/short']);
    expect(group(setup, 'data/x')).toEqual(['unassociated', 'data/x']);
  });

  it('that is damaged is not used', () => {
    const file = writeContents(cache.paths, [{ content: 'a', dataset: 'b', path: 'c' }]);
    expect(() => readContents(cache.paths, { ...file, sha256: '0'.repeat(64) })).toThrow('SHA-256');
    expect(() =>
      readContents(cache.paths, { ...file, file: `${'0'.repeat(32)}.contents` }),
    ).toThrow('it is missing');
  });

  it('changes what a cache is grouped by, as other rules do', () => {
    const ids = [groupingId(cache.paths)];
    expect(readGrouping(cache.paths)).toMatchObject({ id: undefined, hasWeeks: false });
    updateSettings(cache.paths, { datasets: { rule: 'level', level: 2 } });
    ids.push(groupingId(cache.paths));
    expect(readGrouping(cache.paths)).toMatchObject({ id: 'level 2', hasWeeks: false });
    updateSettings(cache.paths, { datasets: { rule: 'pattern', pattern: '(a)' } });
    ids.push(groupingId(cache.paths));
    const file = writeContents(cache.paths, [{ content: 'a', dataset: 'b', path: 'c' }]);
    const rest = { source: 'x', fetchedAt: 'now', shared: 'first' } as const;
    updateSettings(cache.paths, { datasets: { rule: 'content', ...file, ...rest } });
    ids.push(groupingId(cache.paths));
    expect(readGrouping(cache.paths)).toMatchObject({ hasWeeks: true });
    expect(new Set(ids).size).toBe(4);
    expect(readSettings(cache.paths).datasets.rule).toBe('content');
  });
});

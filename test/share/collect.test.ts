import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import type { CollectorSpec, CsvCell, JsonContent } from '../../src/share/collect/collector.js';
import { CollectorRegistry } from '../../src/share/collect/collector-registry.js';
import { changedSlices } from '../../src/share/collect/collectors/by-day.js';
import { coarseCount } from '../../src/share/collect/collectors/coarse-count.js';
import { csvLine } from '../../src/share/collect/csv-line.js';
import { jsonPieces } from '../../src/share/collect/json-pieces.js';
import { environmentSettings } from '../../src/share/ship/environment.js';
import { checkedHeaders } from '../../src/share/ship/headers.js';

describe('a row of CSV', () => {
  it('is read as it was written, whatever is in it', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab,"\n\r\t =+-@é\'\ufeff＝') });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (cells) => {
        const [row, ...more] = Papa.parse<string[]>(csvLine(cells).slice(0, -1), {
          delimiter: ',',
          newline: '\n',
        }).data;
        expect(more).toEqual([]);
        const plain = row.map((cell, i) => (cell === `'${cells[i]}` ? cells[i] : cell));
        expect(plain).toEqual(cells);
        for (const cell of row) expect(cell).not.toMatch(/^[\s\p{Cf}]*[=+\-@＝]/u);
      }),
    );
  });

  it('has numbers digit for digit, and nothing that is no cell', () => {
    expect(csvLine([-1.5, 12345678901234567890n, true, null, '<50', 'a b'])).toBe(
      '-1.5,12345678901234567890,true,,<50,a b\n',
    );
    expect(csvLine([''])).toBe('""\n');
    for (const cell of [Number.NaN, undefined, {}, []]) {
      expect(() => csvLine([cell as CsvCell])).toThrow(TypeError);
    }
  });
});

describe('JSON', () => {
  const text = (value: JsonContent): string => [...jsonPieces(value)].join('');

  it('is what it was, and equal values give equal texts', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const written = text(value as JsonContent);
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
        const shuffled = JSON.parse(written, (_, one) =>
          Object(one) === one && !Array.isArray(one)
            ? Object.fromEntries(Object.entries(one).reverse())
            : one,
        );
        expect(text(shuffled)).toBe(written);
      }),
    );
  });

  it('holds maps of any names, and large numbers digit for digit; nothing that is none of JSON', () => {
    const names = new Map<string, JsonContent>([
      ['b', 2n ** 64n],
      ['__proto__', [1, null]],
    ]);
    expect(text(names)).toBe(
      '{\n  "__proto__": [\n    1,\n    null\n  ],\n  "b": 18446744073709551616\n}\n',
    );
    const deep: JsonContent[] = [];
    deep.push(deep);
    for (const value of [new Date(), new Set(), Number.NaN, () => 1, [undefined], deep]) {
      expect(() => text(value as JsonContent)).toThrow(TypeError);
    }
  });
});

it('counts are told in powers of ten', () => {
  expect([0, 1, 9, 10, 99, 100, 1234].map(coarseCount)).toEqual([
    '0',
    '1-9',
    '1-9',
    '10-99',
    '10-99',
    '100-999',
    '1000-9999',
  ]);
});

describe('slices of changed days', () => {
  const days = fc
    .dictionary(
      fc.integer({ min: 0, max: 1500 }).map((n) => dayOf(n)),
      fc.constantFrom('a', 'b'),
      { maxKeys: 40 },
    )
    .map((hashes) => new Map(Object.entries(hashes)));

  it('cover each day that differs, in order, within years, and remember what is there now', () => {
    fc.assert(
      fc.property(days, days, (before, now) => {
        const slices = [...changedSlices(now, before)];
        const changed = [...new Set([...before.keys(), ...now.keys()])].filter(
          (day) => before.get(day) !== now.get(day),
        );
        for (const day of changed) {
          const in_ = slices.filter(
            ({ since, until }) => since.slice(0, 10) <= day && day < until.slice(0, 10),
          );
          expect(in_).toHaveLength(1);
        }
        let last = '';
        for (const { since, until } of slices) {
          expect(since >= last && since < until).toBe(true);
          last = until;
          const end = new Date(Date.parse(until) - 1).toISOString();
          expect(end.slice(0, 4)).toBe(since.slice(0, 4));
        }
        if (changed.length === 0) expect(slices).toEqual([]);
        else expect(slices.at(-1)?.lastEntry).toEqual(Object.fromEntries(now));
        // Stopped after any of them, the rest comes the next time.
        for (const [i, { lastEntry }] of slices.entries()) {
          const rest = [...changedSlices(now, new Map(Object.entries(lastEntry as object)))];
          expect(rest).toEqual(slices.slice(i + 1));
        }
      }),
    );
  });
});

function dayOf(n: number): string {
  return new Date(Date.UTC(2023, 0, 1) + n * 86_400_000).toISOString().slice(0, 10);
}

describe('collectors', () => {
  const spec = (key: string, more: object = {}): CollectorSpec<'json'> => ({
    key,
    version: '1',
    format: 'json',
    description: 'x',
    ...more,
  });
  const sliced = { slice: () => [] };
  const registryOf = (...specs: CollectorSpec<'json'>[]): CollectorRegistry => {
    const registry = new CollectorRegistry();
    for (const one of specs) registry.register(one, () => 1);
    return registry;
  };
  const config = spec('config', { config: true });
  const codeOf = (action: () => unknown): unknown => {
    try {
      action();
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
    return undefined;
  };

  it('are refused when they are none', () => {
    const bad: [string, object][] = [
      ['Key', {}],
      ['../x', {}],
      ['manifest', {}],
      ['config', {}],
      ['a', { config: true }],
      ['config', { config: true, ...sliced }],
      ['a', { version: '' }],
      ['a', { format: 'xml' }],
      ['a', { description: '' }],
      ['a', { slice: 1 }],
      ['a', { shippingGroup: '../a' }],
    ];
    for (const [key, more] of bad) {
      expect(codeOf(() => registryOf(spec(key, more)))).toBe('INVALID_COLLECTOR');
    }
  });

  it('need exactly one for the configuration, and one of a key without slices', () => {
    expect(codeOf(() => registryOf(spec('a')).chosen())).toBe('CONFIG_COLLECTOR');
    expect(codeOf(() => registryOf(config, config).chosen())).toBe('CONFIG_COLLECTOR');
    const twice = (one: object, other: object) => () =>
      registryOf(config, spec('a', one), spec('a', other)).chosen();
    expect(codeOf(twice({}, {}))).toBe('DUPLICATE_COLLECTOR');
    expect(codeOf(twice({}, sliced))).toBe('DUPLICATE_COLLECTOR');
    expect(codeOf(twice(sliced, {}))).toBe('DUPLICATE_COLLECTOR');
    expect(twice(sliced, sliced)().others).toHaveLength(2);
  });

  it('are picked and left out by key; one of a module takes the place of ours that is left out', () => {
    const registry = registryOf(config, spec('a'), spec('b'), spec('a'), config);
    const keys = (choice: object) =>
      registry.chosen({ own: 3, ...choice }).others.map(({ key }) => key);
    expect(codeOf(() => keys({}))).toBe('CONFIG_COLLECTOR');
    expect(codeOf(() => keys({ skip: ['config'] }))).toBe('DUPLICATE_COLLECTOR');
    expect(keys({ skip: ['config', 'a'] })).toEqual(['b', 'a']);
    expect(keys({ skip: ['config'], pick: ['b'] })).toEqual(['b']);
    expect(codeOf(() => keys({ pick: ['c'] }))).toBe('NO_SUCH_COLLECTOR');
  });
});

describe('what the environment says', () => {
  const codes = (env: NodeJS.ProcessEnv): unknown => {
    try {
      environmentSettings(env);
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      for (const value of Object.values(env)) expect(message).not.toContain(value);
      return code;
    }
    return undefined;
  };

  it('is checked, and never repeated', () => {
    expect(codes({})).toBeUndefined();
    expect(codes({ SHARE_TOKEN: 'a b c' })).toBe('INVALID_SHARE_VARIABLE');
    expect(codes({ SHARE_TOKEN: 'tok-1', SHARE_USER: 'us-1', SHARE_PASSWORD: 'pw-1' })).toBe(
      'INVALID_SHARE_VARIABLE',
    );
    expect(codes({ SHARE_USER: 'us-1' })).toBe('INVALID_SHARE_VARIABLE');
    expect(codes({ SHARE_USER: 'us:1', SHARE_PASSWORD: 'pw-1' })).toBe('INVALID_SHARE_VARIABLE');
    expect(codes({ SHARE_CLIENT_CERT: '/no/such/file' })).toBe('INVALID_SHARE_VARIABLE');
    expect(codes({ SHARE_CONTENT_TYPE: 'no-type' })).toBe('INVALID_SHARE_VARIABLE');
    for (const line of ['no-header', 'X-A: b\u0001', 'Host: h-1', 'content-length: 1']) {
      expect(codes({ SHARE_HEADERS: line })).toBe('INVALID_SHARE_HEADER');
    }
  });

  it('is headers, a type and credentials', () => {
    const settings = environmentSettings({
      SHARE_TOKEN: ' tok ',
      SHARE_CONTENT_TYPE: 'application/vnd.x+tgz; a=b',
      SHARE_HEADERS: 'X-One: 1\n\nX-Two:  two: 2 \n',
    });
    expect(settings.credentials?.('usage')).toEqual({ bearer: 'tok' });
    expect(settings.contentType?.('usage')).toBe('application/vnd.x+tgz; a=b');
    expect({ ...settings.headers?.('usage') }).toEqual({ 'x-one': '1', 'x-two': 'two: 2' });
    expect(() => checkedHeaders({ 'X-A': 'b\r\nc: d' })).toThrow();
  });
});

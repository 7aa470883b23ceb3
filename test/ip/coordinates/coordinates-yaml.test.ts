import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { coordinatesYaml } from '../../../src/ip/coordinates/coordinates-yaml.js';
import type { Point } from '../../../src/ip/coordinates/point.js';

/** What a reader of one version of YAML gets. */
function read(text: string, version: '1.1' | '1.2'): Map<unknown, Map<string, unknown>> {
  return parse(text, { version, mapAsMap: true, merge: false });
}

describe('coordinatesYaml', () => {
  it('writes codes in code-point order, degrees with a point, labels as nulls', () => {
    const points = new Map<string, Point | null>([
      ['missing', null],
      ['US/California', [36.7, -119.4]],
      ['NO', [61.5, 9]],
      ['CL/Valparaíso', [-32.8, -71.2]],
      ['AWS/us-east-2', [39.96, -83]],
      ['ZA/a: b', [0, 0.0001]],
      ["CI/Côte d'Ivoire", [7.6, -5.6]],
      ['\u{10000}', [1, 1]],
      ['\uffee', [2, 2]],
    ]);
    expect(coordinatesYaml(points)).toBe(`AWS/us-east-2:
  latitude: 39.96
  longitude: -83.0
CI/Côte d'Ivoire:
  latitude: 7.6
  longitude: -5.6
CL/Valparaíso:
  latitude: -32.8
  longitude: -71.2
"NO":
  latitude: 61.5
  longitude: 9.0
US/California:
  latitude: 36.7
  longitude: -119.4
"ZA/a: b":
  latitude: 0.0
  longitude: 0.0001
missing:
  latitude: null
  longitude: null
"\uffee":
  latitude: 2.0
  longitude: 2.0
\u{10000}:
  latitude: 1.0
  longitude: 1.0
`);
  });

  it.each(['NO', 'No', 'Y', 'y', 'ON', 'off', 'true', 'null', '~', '', '10', '1.5', '1e3', '0x1F'])(
    'keeps %j a string for readers of YAML 1.1 and 1.2',
    (code) => {
      const text = coordinatesYaml(new Map([[code, [1.5, 2.5]]]));
      for (const version of ['1.1', '1.2'] as const) {
        expect([...read(text, version).keys()]).toEqual([code]);
      }
    },
  );

  it('gives readers of both versions any code and any degrees back, on lines of printable text', () => {
    const codes = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({
        unit: fc.constantFrom(...' :#-?,[]{}&*!|>\'"%@`~\n\t\\=<yn0Oé\u0085\u2028\ufeff'),
      }),
      fc.constantFrom('NO', '1:20', '0o7', '<<', '=', '---', '...', '2001-01-01', '__proto__'),
    );
    const point = fc.option(
      fc.tuple(
        fc.integer({ min: -900_000, max: 900_000 }),
        fc.integer({ min: -9, max: 1_800_000 }),
      ),
      { nil: null },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(codes, point), { maxLength: 8 }), (entries) => {
        const points = new Map<string, Point | null>(
          entries.map(([code, p]) => [
            code,
            p === null ? null : ([p[0] / 10_000, p[1] / 10_000] as const),
          ]),
        );
        const text = coordinatesYaml(points);
        // What PyYAML refuses anywhere in a file.
        expect(text).not.toMatch(/[\0-\x08\x0b\x0c\x0d\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/);
        for (const version of ['1.1', '1.2'] as const) {
          const found = [...read(text, version)].map(([code, entry]) => [
            code,
            [entry.get('latitude'), entry.get('longitude')],
          ]);
          expect(new Map(found as [string, unknown][])).toEqual(
            new Map([...points].map(([code, p]) => [code, p === null ? [null, null] : [...p]])),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

import { Document, Scalar, YAMLMap } from 'yaml';
import { compareCodePoints } from '../../summarize/text-order.js';
import type { Point } from './point.js';

/**
 * Text of `region_codes_to_coordinates.yaml`: codes in code-point order, each with `latitude` and
 * `longitude` in degrees, null for labels that stand for no place. Readers of YAML 1.1 (PyYAML)
 * and of 1.2 (js-yaml) get the same: `NO`, which the older reads as false, is quoted.
 */
export function coordinatesYaml(points: ReadonlyMap<string, Point | null>): string {
  const map = new YAMLMap<Scalar<string>, YAMLMap>();
  const codes = [...points.keys()].sort(compareCodePoints);
  for (const code of codes) {
    const [latitude, longitude] = points.get(code) ?? [null, null];
    const entry = new YAMLMap();
    entry.add({ key: new Scalar('latitude'), value: degrees(latitude) });
    entry.add({ key: new Scalar('longitude'), value: degrees(longitude) });
    map.add({ key: keyOf(code), value: entry });
  }
  const document = new Document(map, { version: '1.2', compat: 'yaml-1.1', uniqueKeys: false });
  const text = document.toString({ lineWidth: 0, defaultStringType: 'PLAIN', nullStr: 'null' });
  return text.replace(UNPRINTABLE, escaped);
}

/**
 * Characters that PyYAML refuses anywhere in a file, and others that no eye tells apart. They
 * stand in double quotes only, as all that is not harmless.
 */
const UNPRINTABLE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Characters of which a plain scalar, where YAML allows one, holds no surprise for any reader. */
const HARMLESS = /^[\p{L}\p{M}\p{N} /.,'()_&-]*$/u;

function keyOf(code: string): Scalar<string> {
  const key = new Scalar(code);
  if (!HARMLESS.test(code)) key.type = Scalar.QUOTE_DOUBLE;
  return key;
}

/** Always with a decimal point, so that readers with types see a float. */
function degrees(value: number | null): Scalar<number | null> {
  const scalar = new Scalar(value);
  scalar.minFractionDigits = 1;
  return scalar;
}

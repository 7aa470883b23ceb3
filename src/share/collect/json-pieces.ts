import { compareCodePoints } from '../../summarize/text-order.js';
import type { JsonContent } from './collector.js';

/** Deeper than anything that is meant. */
const DEEPEST = 100;

/**
 * A value as JSON, piece by piece: indent 2, members in the order of code points, bigint digit for digit, a final LF. Equal values
 * give equal texts.
 *
 * @throws {TypeError} what is in it that JSON cannot hold
 */
export function* jsonPieces(value: JsonContent): Generator<string, void> {
  yield* pieces(value, '');
  yield '\n';
}

function* pieces(value: JsonContent, margin: string): Generator<string, void> {
  if (value === null || typeof value !== 'object') {
    yield scalar(value);
    return;
  }
  if (margin.length > 2 * DEEPEST) throw new TypeError('what it returned is nested too deeply');
  const inner = `${margin}  `;
  if (Array.isArray(value)) {
    let before = '[\n';
    for (const one of value as readonly JsonContent[]) {
      yield `${before}${inner}`;
      yield* pieces(one, inner);
      before = ',\n';
    }
    yield before === ',\n' ? `\n${margin}]` : '[]';
    return;
  }
  let before = '{\n';
  for (const [name, one] of members(value as ReadonlyMap<string, JsonContent>)) {
    yield `${before}${inner}${JSON.stringify(name)}: `;
    yield* pieces(one, inner);
    before = ',\n';
  }
  yield before === ',\n' ? `\n${margin}}` : '{}';
}

/** Of a map or a plain object; a member that is undefined is none. */
function members(value: object): (readonly [string, JsonContent])[] {
  if (!(value instanceof Map)) {
    const prototype = Object.getPrototypeOf(value) as unknown;
    // Another realm's Object is one, too; a Date, a Promise, a Set would be written as something it is not.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new TypeError('what it returned holds an object that is none of JSON');
    }
  }
  const all: [unknown, JsonContent | undefined][] =
    value instanceof Map ? [...value] : Object.entries(value);
  const named = all.filter((member): member is [string, JsonContent] => {
    if (typeof member[0] !== 'string') throw new TypeError('a name in it is no text');
    return member[1] !== undefined;
  });
  return named.sort(([one], [other]) => compareCodePoints(one, other));
}

function scalar(value: null | boolean | number | bigint | string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('a number in it is not finite');
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    default:
      if (value === null) return 'null';
      throw new TypeError(`what it returned holds a ${typeof value}`);
  }
}

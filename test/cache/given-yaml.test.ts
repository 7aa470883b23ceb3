import { describe, expect, it } from 'vitest';
import { parseGivenYaml, requireMapping } from '../../cache/given-yaml.js';

const fail = (why: string): never => {
  throw new RangeError(why);
};

describe('a YAML file of a user', () => {
  it('says what it says', () => {
    const text = 'version: 1\nlist:\n  - use: a\n    with: {b: [1, two, "th&ree"]}\nempty:\n';
    expect(parseGivenYaml(text, fail)).toEqual({
      version: 1,
      list: [{ use: 'a', with: { b: [1, 'two', 'th&ree'] } }],
      empty: null,
    });
    expect(() => requireMapping([], 'the file', fail)).toThrow('the file is not a mapping');
  });

  it.each([
    ['anchors', 'a: &x 1', 'an anchor'],
    ['many anchors', 'a: '.concat('&a '.repeat(300_000)), 'an anchor'],
    ['aliases', 'a: *x', 'an alias'],
    ['tags', 'a: !!js/function x', 'a tag'],
    ['directives', '%YAML 1.2\n---\na: 1', 'a directive'],
    ['deep lists', '['.repeat(100_000), 'nests too deeply'],
    ['deep maps', '{a: '.repeat(100_000), 'nests too deeply'],
    ['deep items', '- '.repeat(100_000), 'nests too deeply'],
    ['what is none', 'a: [1', 'it is not YAML'],
  ])('is refused with %s', (_what, text, why) => {
    expect(() => parseGivenYaml(text, fail)).toThrow(why);
  });
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseNames, readNamesFile } from '../../src/datasets/names-file.js';
import { put } from '../fuzz/fixture.js';
import { scratchDirectory } from '../support/scratch.js';

function refused(text: string): string {
  try {
    parseNames(text, '/n.yaml');
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(code).toBe('INVALID_NAMES');
    expect(message).toMatch(/^Could not use the names of datasets in \/n\.yaml: .*\.$/);
    return message.slice('Could not use the names of datasets in /n.yaml: '.length, -1);
  }
  return 'used';
}

/** A file with these lines among its prefixes, from line 3 on. */
function withPrefixes(...lines: string[]): string {
  return ['version: 1', 'prefixes:', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** What is told, and of which text. */
const REFUSED = [
  ['', 'line 1: it is not a map of names to values'],
  ['[]', 'line 1: it has brackets, of which such a file makes no use'],
  ['version: 1', 'line 1: it names no prefix and no bucket'],
  ['prefixes:\n  a: b', 'line 1: it has no member "version: 1"'],
  ['version: 2\nprefixes:\n  a: b', 'line 1: its version is not 1'],
  ['version: "1"\nprefixes:\n  a: b', 'line 1: its version is not 1'],
  ['version: 1\nprefixes:\n', 'line 2: prefixes is not a map of texts to names'],
  ['version: 1\nprefixes: x\n', 'line 2: prefixes is not a map of texts to names'],
  ['version: 1\nprefix:\n  a: b', 'line 2: it has an unknown member "prefix"'],
  [`${withPrefixes('a: b')}otherwise: no\n`, 'line 4: otherwise is none of first-component'],
  [`${withPrefixes('a: b')}version: 1\n`, 'line 4: "version" stands in line 1 already'],
  [`${withPrefixes('a: b')}---\na: b\n`, 'it is not YAML (MULTIPLE_DOCS)'],
  [withPrefixes('a: b', '"a": c'), 'line 4: "a" stands in line 3 already'],
  [withPrefixes('a: b', '? c', ': d'), 'line 4: it has a key after a question mark'],
  [withPrefixes('a: &x b', 'c: *x'), 'line 3: it has an anchor (&name)'],
  [withPrefixes('a: *x'), 'line 3: it has an alias (*name)'],
  [withPrefixes('a: b', 'c: !!str d'), 'line 4: it has a tag (!name)'],
  [withPrefixes('a: {b: c}'), 'line 3: it has braces'],
  [withPrefixes('a:', '  - b'), 'line 4: it has a list (- item)'],
  [withPrefixes('a:', '  b: c'), 'line 3: the name of "a" is no text'],
  [withPrefixes('a: b: c'), 'line 3: it is not YAML'],
  [withPrefixes('a: "b'), 'it is not YAML (MISSING_CHAR)'],
  [withPrefixes('2019: b'), 'line 3: it begins with no text; put quotes around it'],
  [withPrefixes('a: 2019'), 'line 3: the name of "a" is no text; put quotes around it'],
  [withPrefixes('a: true'), 'line 3: the name of "a" is no text'],
  [withPrefixes('a:'), 'line 3: the name of "a" is missing'],
  [withPrefixes('a: ~'), 'line 3: the name of "a" is missing'],
  [withPrefixes('a: ""'), 'line 3: the name of "a" is empty'],
  [withPrefixes('a: " b"'), 'line 3: the name of "a" begins or ends with a space'],
  [withPrefixes('a: "b\\tc"'), 'line 3: the name of "a" has a control character'],
  [withPrefixes('a: "b\\u2028c"'), 'line 3: the name of "a" has a control character'],
  [withPrefixes('a: "\\ud800"'), 'line 3: the name of "a" has a control character or half'],
  [withPrefixes(`a: ${'b'.repeat(1025)}`), 'line 3: the name of "a" has more than 1024 bytes'],
  [withPrefixes('a: unassociated'), 'line 3: the name of "a", "unassociated", is something else'],
  [withPrefixes('a: undetermined'), 'line 3: the name of "a", "undetermined", is something else'],
  [withPrefixes('a: Archive'), 'line 3: the name of "a", "Archive", is something else there'],
  [withPrefixes('"": b'), 'line 3: a prefix is empty'],
  [withPrefixes('a b/: c'), 'line 3: the prefix "a b/" has a space, a quote'],
  [withPrefixes('"a\\"": c'), 'line 3: the prefix "a\\"" has a space, a quote'],
  [withPrefixes('a%2: c'), 'line 3: the prefix "a%2" has a space, a quote'],
  [withPrefixes('"a\\e[0m\\u009b\\u202e": c'), 'line 3: the prefix "a\\u001b[0m??" has a space'],
  [withPrefixes(`${'ä'.repeat(2700)}: c`), 'line 3: it is not YAML (KEY_OVER_1024_CHARS)'],
  ['version: 1\nbuckets:\n  a/: b', 'line 3: "a/" is no name of a bucket'],
  ['version: 1\nbuckets:\n  "": b', 'line 3: "" is no name of a bucket'],
  ['version: 1\nbuckets:\n  ü: b', 'line 3: "ü" is no name of a bucket'],
  [`${withPrefixes('a/: b')}buckets:\n  a: c\n`, 'line 5: the bucket "a" is a prefix with a name'],
].map(([text, why]) => [why, text] as const);

describe('a file of names', () => {
  it('gives prefixes and buckets names', () => {
    const text = [
      '# What is published',
      'version: 1',
      'prefixes:            # of keys',
      '  ds000001/: Flanker task',
      '  raw/2019/: archive-2019',
      '  "#a/": \'x: y\'',
      '  "%25C3%25BC/": ü',
      'buckets:',
      '  openneuro.org: "2019"',
      'otherwise: unassociated',
    ].join('\r\n');
    expect(parseNames(text, '/n.yaml')).toEqual({
      prefixes: [
        ['#a/', 'x: y'],
        ['%25C3%25BC/', 'ü'],
        ['ds000001/', 'Flanker task'],
        ['openneuro.org/', '2019'],
        ['raw/2019/', 'archive-2019'],
      ],
      otherwise: 'unassociated',
      buckets: 1,
      source: '/n.yaml',
    });
    expect(parseNames(withPrefixes('a: b'), 'x').otherwise).toBe('first-component');
  });

  it.each(REFUSED)('is refused: %s', (why, text) => {
    expect(refused(text)).toContain(why);
  });

  it.each([
    ['deep', '{a: '.repeat(100_000)],
    ['deep by lines', Array.from({ length: 1_400 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['anchors', '&a '.repeat(100_000)],
    ['aliases', 'a: &a [x]\nb: [*a,*a,*a,*a]\n'],
    ['too many entries', 'a:\n'.repeat(100_001)],
    ['too large', `version: 1\n#${'x'.repeat(1 << 20)}`],
  ])('that is hostile (%s) is refused soon', (_, text) => {
    expect(refused(text)).not.toBe('used');
  });

  it('is a regular file of bounded size, in UTF-8', () => {
    const folder = scratchDirectory();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    put(join(folder, 'latin1'), Buffer.from('version: 1\nprefixes:\n  a: \xe4\n', 'latin1'));
    put(join(folder, 'large'), Buffer.alloc((1 << 20) + 1, '#'));
    for (const [file, why] of [
      [join(folder, 'pipe'), 'it is not a regular file'],
      ['/dev/zero', 'it is not a regular file'],
      [folder, 'EISDIR'],
      [join(folder, 'none'), 'ENOENT'],
      [join(folder, 'latin1'), 'ERR_ENCODING_INVALID_ENCODED_DATA'],
      [join(folder, 'large'), 'it has more than 1048576 bytes'],
    ] as const) {
      expect(() => readNamesFile(file)).toThrow(`${file}: ${why}.`);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logFileName } from '../../src/source/log-name.js';
import { displayPath, type LogPath, logPath, storedPath } from '../../src/source/log-path.js';

const name = (path: string): string => logFileName(logPath(path));
const UNIQUE = '2026-11-23-06-13-49-0123456789ABCDEF';

describe('a log file is known by', () => {
  it('its base name alone when S3 gave it a unique one, in whatever folder and compression', () => {
    const folders = ['', 'a/', '123456789012/eu-central-1/bucket/2026/11/23/', 'x.gz/'];
    for (const folder of folders) {
      for (const suffix of ['', '.gz', '.zst']) {
        expect(name(`${folder}${UNIQUE}${suffix}`)).toBe(UNIQUE);
        expect(name(`${folder}prefix-${UNIQUE}${suffix}`)).toBe(`prefix-${UNIQUE}`);
      }
    }
  });

  it('its base name too in the form of OVHcloud, with 32 digits', () => {
    const ovh = '2026-11-23-06-13-49-0123456789ABCDEF0123456789ABCDEF';
    expect(name(`logs/${ovh}.gz`)).toBe(ovh);
  });

  it('a name without a byte order mark, which readers of the ledger would drop', () => {
    expect(name('\ufeffaccess.log')).toBe('%EF%BB%BFaccess.log');
    expect(name('access.log')).toBe('access.log');
  });

  it('its path otherwise, without the suffix of a compression', () => {
    const others = [
      ...['access.log', 'a/access.log', 'a/2026-11-23-06-13-49-0123456789abcdef'],
      ...['a/2026-11-23-06-13-49-0123456789ABCDE', 'a/2026-11-23-06-13-49-0123456789ABCDEF0'],
      ...[
        `a/${UNIQUE}.txt`,
        `a/${UNIQUE}-copy`,
        `${UNIQUE}/log`,
        'a/2026-11-23-06-13-0123456789ABCDEF',
      ],
    ];
    for (const path of others) {
      expect(name(path)).toBe(path);
      expect(name(`${path}.gz`)).toBe(path);
      expect(name(`${path}.zst`)).toBe(path);
    }
    expect(name('a.gz.zst')).toBe('a.gz');
    expect(name('a.GZ')).toBe('a.GZ');
    expect(name('a.gz/b')).toBe('a.gz/b');
  });

  it('text that is valid UTF-8, whatever bytes the path has', () => {
    expect(name('grün/日.log')).toBe('grün/日.log');
    expect(logFileName('100%\xff.log' as LogPath)).toBe('100%25%FF.log');
    expect(logFileName(`\xff${UNIQUE}.gz` as LogPath)).toBe(`%FF${UNIQUE}`);
    expect(storedPath('100%' as LogPath)).toBe('100%');
  });

  it('another name than every other file, also where one looks like what is written of another', () => {
    const names: readonly (readonly [path: string, name: string])[] = [
      ['a\xff', 'a%FF'],
      ['a%FF', 'a%25FF'],
      ['a%25FF', 'a%2525FF'],
      ['a%\xff', 'a%25%FF'],
      ['a%25%FF', 'a%2525%25FF'],
      ['a%ff', 'a%ff'],
      ['caf%C3%A9', 'caf%C3%A9'],
      ['a%2520b', 'a%2520b'],
      ['%EF%BB%BFx', '%25EF%25BB%25BFx'],
    ];
    for (const [path, expected] of names) expect(storedPath(path as LogPath)).toBe(expected);
    expect(displayPath('a%FF' as LogPath)).toBe('a%FF');
    const piece = fc.constantFrom(
      'a',
      '%',
      '%25',
      '%FF',
      '%C3%A9',
      '\xff',
      '\xc3\xa9',
      '25',
      'FF',
      '\xef\xbb\xbf',
      '%EF%BB%BF',
    );
    const path = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('') as LogPath);
    fc.assert(
      fc.property(path, (one) => {
        // With what it is written as, and that again.
        const paths = [one];
        for (let n = 0; n < 3; n++) paths.push(storedPath(paths.at(-1) as LogPath) as LogPath);
        const ascii = new Set(paths.filter((each) => /^[\0-\x7f]*$/.test(each)).concat(one));
        expect(new Set([...ascii].map(storedPath)).size).toBe(ascii.size);
      }),
    );
    fc.assert(
      fc.property(path, path, (one, other) => {
        expect(storedPath(one) === storedPath(other)).toBe(one === other);
      }),
      { numRuns: 2000 },
    );
  });
});

it('a path shown to a person holds no control character', () => {
  const shown = displayPath(logPath('a\n\u001b[31m\u202eb\u007f\u0085'));
  expect(shown).toBe('a\\u000a\\u001b[31m\\u202eb\\u007f\\u0085');
  expect(displayPath('\xff\n' as LogPath)).toBe('%FF\\u000a');
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_EXCERPT_BYTES, maskExcerpt, maskRecord } from '../../src/mask/mask-excerpt.js';
import { soundLine } from '../validation/sound-logs.js';

const excerpt = (text: string): string | undefined => maskExcerpt(Buffer.from(text));

/** Ways in which clients write what others have to read. */
const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replace(/[.:]/g, (mark) => percent(mark)),
  (text) => text.replace(/./g, (character) => percent(character)),
  (text) => text.replace(/[.:]/g, (mark) => percent(mark).replaceAll('%', '%25')),
  (text) => text.replace(/./g, (character) => percent(character).replaceAll('%', '%2525')),
  (text) => text.replace(/./g, (character) => `\\x${hex(character)}`),
  (text) => text.replace(/./g, (character) => `\\u00${hex(character)}`),
  (text) => text.toUpperCase(),
  (text) => text.replace(/./g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  (text) => text.replace(/./g, (character) => `${character}\0`),
];

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}

function percent(character: string): string {
  return `%${hex(character).toUpperCase()}`;
}

/** All that a text may be read as. */
function allReadings(text: string): string {
  const readings = [text];
  for (let i = 0; i < 6; i++) {
    const last = readings.at(-1) as string;
    const next = last
      .replace(/\\u00([0-9a-f]{2})|\\x([0-9a-f]{2})|%([0-9a-f]{2})/gi, (_, ...found: string[]) =>
        String.fromCharCode(Number.parseInt(found.find((one) => one !== undefined) as string, 16)),
      )
      .normalize('NFKC')
      .replaceAll('\0', '');
    readings.push(next);
  }
  return readings.join('\n').toLowerCase();
}

const address = fc
  .oneof(fc.ipV4(), fc.ipV6())
  // Too short to be told from other text.
  .filter((ip) => ip.length > 6 && (ip.match(/[0-9a-f]+/gi)?.length ?? 0) >= 3);
const written = fc
  .tuple(address, fc.constantFrom(...ENCODINGS))
  .map(([ip, encode]) => ({ ip, text: encode(ip) }));
const secret = fc.stringMatching(/^[g-z]{3}[0-9a-z]{10}$/).map((text) => `Q${text}`);
const value = fc.tuple(
  secret,
  fc.constantFrom('?', '?a=', '?list-type=2&prefix=', '%3Fa=', '%253Fa%253D', '&b=', '?a="b" '),
);

describe('a line that is kept', () => {
  it('has its address and the values of queries masked, and all else as it was', () => {
    const line = soundLine(3, {
      ip: '2001:db8::77',
      target: '/ds/a?X-Amz-Signature=cafe&x="y z',
      status: '20x',
      referer: 'https://example.org/path?token=1 2',
      agent: 'seen from 198.51.100.7',
    });
    const shown = soundLine(3, {
      ip: '[address]',
      target: '/ds/a?[query]',
      status: '20x',
      referer: 'https://example.org/path?[query]',
    });
    expect(excerpt(line)).toBe(shown.slice(0, shown.indexOf('[query]" "') + 7));
  });

  it('has no more taken than that', () => {
    const line = soundLine(3, { ip: '-', operation: 'NONSENSE', agent: 'Mozilla/5.0 (X11)' });
    expect(excerpt(line)).toBe(line);
  });

  it.each([
    ['a piece of a line: the end of a request line', 'ecretQ HTTP/1.1" 403 - 1 2 3 4 "-" "curl/8"'],
    ['the end of a request line with quotes', 'ecretQ"ecretQ HTTP/1.1" 403 - 1 2 3 4 "-" "curl/8"'],
    ['the end of a referer with quotes', 'ecretQ"ecretQ" "curl/8.4.0" -'],
    ['the end of a referer', 'ecretQ" "curl/8.4.0" -'],
    ['the end of a value', 'of ecretQ%26b=1'],
    ['a part of a query', 'a=ecretQ&b=ecretQ'],
    ['a cut request line', 'ecretQ HTTP/1.1'],
    ['a space in a query', soundLine(1, { target: '/x?a=b ecretQ' })],
    ['quotes in a query', soundLine(1, { target: '/x?a="b" ecretQ "c' })],
    ['numbers in a query', soundLine(1, { target: '/x?a" 200 - 1 1 1 1 ecretQ' })],
    ['a protocol in a query', soundLine(1, { target: '/x?a HTTP/1.1" ecretQ' })],
    ['a cut line', soundLine(1, { target: '/x?a=ecretQ' }).split(' HTTP')[0]],
    [
      'two lines in one',
      soundLine(1, { target: '/x?ecretQ' }) + soundLine(2, { target: '/y?ecretQ' }),
    ],
    [
      'JSON that is cut',
      '{"schema_version_id":"V_1_0","request_uri":"GET /x?a=ecretQ HTTP/1.1","k',
    ],
    [
      'JSON',
      '{"a":{"request_uri":"GET /x?a=ecretQ HTTP/1.1"},"requestParameters":{"b":["ecretQ"]}}',
    ],
    ['a name in JSON', '{"x?ecretQ":1}'],
    ['names and values', 'SOME_KEY=ecretQ'],
  ])('holds no value of a query: %s', (_what, line) => {
    expect(excerpt(line)).toBeDefined();
    expect(excerpt(line)).not.toContain('ecretQ');
  });

  it.each([
    '51.100.7 - 3E57 REST.GET.OBJECT',
    soundLine(1, { agent: 'from 198.51.100' }).split('.100"')[0],
    '{"remote_ip":3325256711}',
    '{"remote_ip":"no address","sourceIPAddress":"198 51 100 7"}',
    `[${'9,'.repeat(3)}{"remote_ip":"198.51.100.7"}],`,
    'host 7.100.51.198.in-addr.arpa, 2001-db8--51-100.ipv6-literal.net and 198[.]51[.]100[.]7',
    'a.b.51.100.a.b',
    '0198.051.00100.007 and 0xC6.0x51.0x100',
    '198%u002e51%u002e100%u002e7 and 198\\05651\\056100\\0567',
    `${'7.0.0.0.'.repeat(4)}8.b.d.0.1.0.0.2.ip6.arpa 198_51_100_7`,
    Buffer.from('198.51.100.7', 'utf16le').toString('latin1'),
    soundLine(1) + soundLine(2, { ip: 'not-51.100-one' }),
  ])('holds nothing of what may be an address: %s', (line) => {
    if (line === 'a.b.51.100.a.b') expect(excerpt(line)).toBe('[address]');
    else expect(excerpt(line)).not.toMatch(/51[^a-z]+100|3325256711|8[._]b[._]d/);
  });

  it('is bounded, and what it is cut in is left off', () => {
    const long = `${soundLine(1, { ip: '-' })} ${'x'.repeat(MOST_EXCERPT_BYTES)}`;
    expect(excerpt(long)).toBe(`${soundLine(1, { ip: '-' })} …`);
    expect(excerpt('y'.repeat(MOST_EXCERPT_BYTES + 1))).toBe('…');
    const cut = `${'z '.repeat(MOST_EXCERPT_BYTES / 2 - 4)}198.51.100.7`;
    expect(excerpt(cut)).not.toContain('198');
    expect(Buffer.byteLength(excerpt('\x01'.repeat(MOST_EXCERPT_BYTES)) as string)).toBeLessThan(
      MOST_EXCERPT_BYTES + 8,
    );
  });

  it('is withheld when it is escaped beyond what is looked at, too deep or too large', () => {
    expect(excerpt(`a %${'25'.repeat(40)}31`)).toBeUndefined();
    expect(excerpt('['.repeat(20) + ']'.repeat(20))).toBeUndefined();
    expect(maskRecord(Array(2000).fill(1))).toBeUndefined();
    expect(maskRecord({ key_name: 'x'.repeat(MOST_EXCERPT_BYTES) })).toBeUndefined();
  });

  it('takes no long time for what is made to', () => {
    const half = MOST_EXCERPT_BYTES / 2;
    for (const text of ['1.', '1-', 'a:', '::', '%25', '"', ' ', '[1', '?&', 'f-', '\ufffd']) {
      const line = text.repeat(Math.floor(half / Buffer.byteLength(text)));
      expect(excerpt(`${line} x`)?.length ?? 0).toBeLessThan(MOST_EXCERPT_BYTES + 2);
    }
  });

  it('holds no address and no value of a query, however written, in whatever field', () => {
    const fields = ['ip', 'requester', 'id', 'operation', 'key', 'target', 'referer', 'agent'];
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom(...fields), written, fc.constantFrom('', '/', ' ', '[')),
          {
            maxLength: 3,
          },
        ),
        fc.array(fc.tuple(fc.constantFrom('key', 'target', 'referer', 'agent'), value), {
          maxLength: 2,
        }),
        fc.nat(400),
        fc.boolean(),
        (addresses, values, cut, isCut) => {
          const parts: Record<string, string> = {};
          for (const [field, { text }, before] of addresses) parts[field] = `${before}${text}`;
          for (const [field, [word, mark]] of values) {
            parts[field] = `${parts[field] ?? 'x'}${mark}${word}`;
          }
          const line = soundLine(1, parts);
          const kept = excerpt(isCut ? line.slice(0, line.length - cut) : line);
          if (kept === undefined) return;
          const all = allReadings(kept);
          for (const [, { ip }] of addresses) expect(all).not.toContain(ip.toLowerCase());
          for (const [, [word]] of values) expect(all).not.toContain(word.toLowerCase());
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('holds no part of either, wherever a line was cut out of', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...'ghijklmnopqrstuvwxyz'),
      minLength: 20,
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        letters,
        fc.constantFrom(' ', '"', '', '&b=', ';', '" "'),
        fc.boolean(),
        fc.nat(500),
        fc.nat(500),
        (word, between, isReferer, from, length) => {
          const query = `?a=${word.slice(0, 10)}${between}${word.slice(10)}`;
          const line = isReferer
            ? soundLine(1, { referer: `http://h/p${query}`, ip: '2001:db8:77:88::99:aa' })
            : soundLine(1, { target: `/k${query}`, ip: '198.51.100.77' });
          const piece = line.slice(from, from + length);
          // Of a piece of a query and nothing else nobody can tell what it is.
          fc.pre(/[?&=]| HTTP\/\d/.test(piece));
          const kept = excerpt(piece) ?? '';
          expect(kept).not.toMatch(/198\.51|51\.100|100\.77|db8:77|77:88|::99/);
          for (let at = 0; at + 6 <= word.length; at++) {
            expect(kept).not.toContain(word.slice(at, at + 6));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('holds neither in JSON', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), written, fc.boolean()), { maxLength: 4 }),
        value,
        fc.nat(20),
        (texts, [word, mark], cut) => {
          const record = Object.fromEntries(
            texts.map(([name, { text }, isName]) => (isName ? [text, name] : [name, [text]])),
          );
          const whole = JSON.stringify({ record, request_uri: `GET /${mark}${word} HTTP/1.1` });
          for (const line of [whole, whole.slice(0, whole.length - cut)]) {
            const all = allReadings(excerpt(line) ?? '');
            for (const [, { ip }] of texts) expect(all).not.toContain(ip.toLowerCase());
            expect(all).not.toContain(word.toLowerCase());
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

import fc from 'fast-check';
import { hostileText, type LineParts, lineBytes, quoted, validLines } from './line-arbitraries.js';

/** What fields are made of, and what can be taken for them. */
export const PIECES = [
  ...[
    ' ',
    '  ',
    '"',
    '" ',
    ' "',
    '" "',
    '-',
    ' - ',
    '" - ',
    '[',
    ']',
    '%',
    '%2',
    '%25',
    '+',
    '?',
    '/',
  ],
  ...[
    '\r',
    '\0',
    '\xff',
    '\xc3\xa9',
    '\x7f',
    ':',
    '.',
    '0',
    '9',
    '99999999999999999999',
    'x',
    'HTTP/1.1',
  ],
  ...[
    '" 200 - 1 2 3 4 "',
    '" 404 NoSuchKey - - - - ',
    '[23/Nov/2026:06:13:49 +0000]',
    '31/Feb',
    '+0100',
  ],
  ...[
    'REST.GET.OBJECT',
    ' REST.PUT.OBJECT ',
    'arn:aws:',
    's3access-b: ',
    ' 200 ',
    '192.0.2.1',
    '::ffff:',
  ],
];

export interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  readonly how: number;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
  insert: fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 5, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: fc.nat(255).map((byte) => String.fromCharCode(byte)) },
  ),
  how: fc.nat(9),
});

/** A change anywhere; often one that concerns whole words: leave out, double or swap. */
function mutate(text: string, { at, remove, insert, how }: Mutation): string {
  const words = text.split(' ');
  const word = at % words.length;
  if (how === 0) words.splice(word, 1);
  else if (how === 1) words.splice(word, 0, words[word]);
  else if (how === 2) words.splice(word, 0, ...words.splice(word + 1, 1));
  else if (how === 3) words[word] = insert;
  else if (how === 4) words[word] += insert;
  else {
    const place = at % (text.length + 1);
    return (text.slice(0, place) + insert + text.slice(place + remove)).replaceAll('\n', '');
  }
  return words.join(' ').replaceAll('\n', '');
}

export function mutated(parts: LineParts, mutations: readonly Mutation[]): Buffer {
  const text = mutations.reduce(mutate, lineBytes(parts).toString('latin1'));
  return Buffer.from(text, 'latin1');
}

/** Lines of every form, often with hostile texts in them. */
export const anyLine = fc
  .tuple(validLines, hostileText, hostileText, hostileText, fc.nat(7))
  .map(([parts, target, referer, userAgent, form]) => ({
    ...parts,
    ...(form & 1 ? { referer: quoted(referer) } : {}),
    ...(form & 2 ? { userAgent: quoted(userAgent) } : {}),
    ...(form === 4 || form === 7
      ? {
          requestUri: quoted(
            Buffer.concat([Buffer.from('GET /'), target, Buffer.from(' HTTP/1.1')]),
          ),
        }
      : {}),
  }));

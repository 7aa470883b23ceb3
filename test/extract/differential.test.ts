import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KIND } from '../../src/extract/line.js';
import { parseAddress } from '../../src/extract/parse-address.js';
import {
  hostileText,
  type LineParts,
  lineBytes,
  quoted,
  validLines,
  verdictOf,
} from './line-arbitraries.js';
import { referenceParse } from './reference-parser.js';

/** What the reference says, in the form of a verdict. */
function referenceVerdict(bytes: Buffer): unknown {
  const found = referenceParse(bytes.toString('latin1'));
  if (found === undefined) return 'refused';
  const words = new Uint32Array(4);
  const text = Buffer.from(found.address, 'latin1');
  parseAddress(text, 0, text.length, words);
  return {
    kind: !found.kept ? KIND.skipped : found.download ? KIND.download : KIND.request,
    status: found.status,
    key: found.key,
    seconds: found.seconds,
    address: found.address === '-' ? '-' : Array.from(words).join(':'),
    bytesSent: found.kept ? found.bytesSent : -1n,
  };
}

let refused = 0;
let accepted = 0;

function compare(bytes: Buffer): void {
  const verdict = verdictOf(bytes);
  if ('reason' in verdict) refused++;
  else accepted++;
  const found = 'reason' in verdict ? 'refused' : verdict;
  expect([bytes.toString('latin1'), found]).toEqual([
    bytes.toString('latin1'),
    referenceVerdict(bytes),
  ]);
}

const PIECES = [
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

interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  readonly how: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
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

function mutated(parts: LineParts, mutations: readonly Mutation[]): Buffer {
  const text = mutations.reduce(mutate, lineBytes(parts).toString('latin1'));
  return Buffer.from(text, 'latin1');
}

const anyLine = fc
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

describe('the parser and a slow parser made from the description of the format', () => {
  it('agree on lines with hostile texts', () => {
    fc.assert(
      fc.property(anyLine, (parts) => compare(lineBytes(parts))),
      { seed: 20_261_123, numRuns: 10_000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(300);
  });

  it('agree on lines that are wrong in one to three places', () => {
    [accepted, refused] = [0, 0];
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyLine, mutations, (parts, list) => compare(mutated(parts, list))),
      { seed: 20_261_123, numRuns: 40_000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(8000);
  });

  it('agree on two lines in one, whole and in pieces', () => {
    const record = fc.tuple(validLines, validLines, fc.boolean(), fc.nat(), fc.nat());
    fc.assert(
      fc.property(record, ([first, second, sameOwner, cut, from]) => {
        const other = sameOwner ? { ...second, owner: first.owner } : second;
        const [a, b] = [lineBytes(first), lineBytes(other)];
        compare(Buffer.concat([a.subarray(0, cut % (a.length + 1)), b]));
        compare(Buffer.concat([a.subarray(0, cut % a.length), b.subarray(from % b.length)]));
      }),
      { seed: 20_261_123, numRuns: 5_000 },
    );
  });

  it('agree on texts made of nothing but pieces of lines', () => {
    const piece = fc.constantFrom(
      ...PIECES,
      'owner bucket [23/Nov/2026:06:13:49 +0000] 192.0.2.1 - ID ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        compare(Buffer.from(pieces.join(''), 'latin1'));
      }),
      { seed: 20_261_123, numRuns: 10_000 },
    );
  });
});

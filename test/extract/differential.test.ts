import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KIND } from '../../src/extract/line.js';
import { parseAddress } from '../../src/extract/parse-address.js';
import { lineBytes, validLines, verdictOf } from './line-arbitraries.js';
import { anyLine, mutated, mutation, PIECES } from './line-mutations.js';
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

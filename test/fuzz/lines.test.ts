import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KIND, Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { REASON, REASONS } from '../../src/extract/reasons.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount, resetAccount, scanLines } from '../../src/extract/scan-lines.js';
import { lineBytes } from '../extract/line-arbitraries.js';
import { anyLine, PIECES } from '../extract/line-mutations.js';
import { referenceParse } from '../extract/reference-parser.js';
import { numbersFrom } from '../support/random-lines.js';

/**
 * Many mutated lines, without fast-check, which takes longer to make a line than all parsers to read it. Lines that
 * come to something not seen before (a reason, a set of notes, taken by the core or not) are mutated further.
 * `S3LOG_FUZZ_LINES` and `S3LOG_FUZZ_SEED` set how many and which.
 */
const LINES = Number(process.env.S3LOG_FUZZ_LINES ?? 60_000);
const SEED = Number(process.env.S3LOG_FUZZ_SEED ?? 20_261_124);
const AT_ONCE = 256;
const MOST_LINE = 4_000;

const below = numbersFrom(SEED);
const corpus: string[] = fc
  .sample(anyLine, { seed: SEED, numRuns: 400 })
  .map((parts) => lineBytes(parts).toString('latin1'));
const VALID = corpus.length;
const seen = new Set<string>();
const batch = new RecordBatch({ rows: 1 << 14, keyBytes: 1 << 22 });
const { input } = batch;
const careful = new Line();
const account = emptyAccount();

function mutateOnce(text: string): string {
  const at = below(text.length + 1);
  const piece = PIECES[below(PIECES.length)] as string;
  switch (below(8)) {
    case 0:
      return text.slice(0, at) + piece + text.slice(at);
    case 1:
      return text.slice(0, at) + piece + text.slice(at + piece.length);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + below(6));
    case 3:
      return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
    case 4: {
      const other = corpus[below(corpus.length)] as string;
      return text.slice(0, at) + other.slice(below(other.length + 1));
    }
    case 5: {
      const words = text.split(' ');
      words.splice(below(words.length), 1);
      return words.join(' ');
    }
    case 6: {
      const words = text.split(' ');
      const word = below(words.length);
      words.splice(word, 0, words[below(words.length)] as string);
      return words.join(' ');
    }
    default:
      return text.slice(0, at) + text.slice(Math.max(0, at - below(40)));
  }
}

function makeLine(): string {
  // Half of them from lines that are right: else nearly all would be refused.
  let text = corpus[below(below(2) === 0 ? VALID : corpus.length)] as string;
  for (let left = 1 + below(3); left > 0; left--) text = mutateOnce(text);
  return text.replaceAll('\n', '').slice(0, MOST_LINE);
}

interface Verdict {
  readonly reason: number;
  readonly isKept: boolean;
}

/** What the careful parser says of a line, which the slow reference must say, too. */
function judge(text: string, start: number, end: number): Verdict {
  const reason = parseLine(input, start, end, careful);
  const found = referenceParse(text);
  const isKept = reason === 0 && careful.kind !== KIND.skipped;
  const says = reason !== 0 ? 'refused' : isKept ? 'kept' : 'skipped';
  const wanted = found === undefined ? 'refused' : found.kept ? 'kept' : 'skipped';
  if (says !== wanted) expect([text, says]).toEqual([text, wanted]);
  if (isKept && found !== undefined) {
    const bytes = BigInt(careful.bytesSentHigh) * 2n ** 32n + BigInt(careful.bytesSentLow >>> 0);
    const same =
      careful.timeSeconds === found.seconds &&
      bytes === found.bytesSent &&
      (careful.kind === KIND.download) === found.download;
    if (!same)
      expect([text, careful.timeSeconds, bytes]).toEqual([text, found.seconds, found.bytesSent]);
  }
  return { reason, isKept };
}

/** Lines one by one, and then all of them through the core: the two must agree, and no line may be unaccounted for. */
function check(lines: readonly string[]): void {
  batch.clear();
  resetAccount(account);
  const starts: number[] = [];
  let end = 0;
  for (const text of lines) {
    starts.push(end);
    end += input.write(text, end, 'latin1');
    input[end++] = 0x0a;
  }
  const verdicts = lines.map((text, i) => {
    const start = starts[i] as number;
    return judge(text, start, start + text.length);
  });
  const at = scanLines(batch, 0, end, true, 0, end, 'log', account);
  const rejected = verdicts.filter(({ reason }) => reason !== 0).length;
  const kept = verdicts.filter(({ isKept }) => isKept).length;
  const { lines: all, kept: ownKept, skipped, rejected: ownRejected } = account;
  const found = [at, all, ownKept, skipped, ownRejected, batch.rows, batch.rejects.rows];
  const wanted = [
    end,
    lines.length,
    kept,
    lines.length - kept - rejected,
    rejected,
    kept,
    rejected,
  ];
  if (found.join() !== wanted.join()) expect(found).toEqual(wanted);
  let reject = 0;
  verdicts.forEach(({ reason }, i) => {
    const signature = `${reason} ${account.notes.join('')} ${reason === 0 ? careful.notes : ''}`;
    if (reason !== 0) {
      if (batch.rejects.offsets[reject] !== starts[i] || batch.rejects.reasons[reject] !== reason) {
        expect([lines[i], batch.rejects.offsets[reject], batch.rejects.reasons[reject]]).toEqual([
          lines[i],
          starts[i],
          reason,
        ]);
      }
      reject++;
    }
    if (seen.size < 5_000 && !seen.has(signature) && below(4) === 0) {
      seen.add(signature);
      corpus.push(lines[i] as string);
    }
  });
}

it(`${LINES} mutated lines: three parsers agree, and every line is accounted for`, () => {
  const reasons = new Float64Array(REASONS.length);
  let accepted = 0;
  for (let done = 0; done < LINES; done += AT_ONCE) {
    check(Array.from({ length: AT_ONCE }, makeLine));
    accepted += account.kept + account.skipped;
    for (let i = 0; i < reasons.length; i++) reasons[i] += account.reasons[i] as number;
  }
  expect(accepted).toBeGreaterThan(LINES / 20);
  // Nearly every reason was met: what is fuzzed is not one corner. (Structured records: structured.test.ts.)
  const ofText = REASONS.filter((name) => !name.startsWith('structured_'));
  const met = ofText.filter((name) => name !== 'accepted' && (reasons[REASON[name]] as number) > 0);
  expect(met.length).toBeGreaterThanOrEqual(ofText.length - 4);
}, 3_600_000);

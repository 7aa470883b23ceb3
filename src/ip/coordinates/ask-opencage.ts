import pLimit from 'p-limit';
import { S3LogExtractionError } from '../../../cache/error.js';
import type { OpenCage } from './opencage.js';
import { placeOf } from './place-name.js';
import type { Point } from './point.js';

/** OpenCage gave no sensible answer, also not to some further attempts. */
export class OpenCageUnavailableError extends S3LogExtractionError {
  constructor(codes: number, why: string) {
    super(
      'OPENCAGE_UNAVAILABLE',
      `OpenCage did not say where ${codes === 1 ? 'one region is' : `${codes} regions are`}: ${why}.`,
      { hint: 'What it did answer is kept: run the same command again later.' },
    );
  }
}

export interface AskOptions {
  readonly shouldStop: () => boolean;
  /** Questions on their way at a time. */
  readonly concurrency: number;
  /** Called after each answer: a point, or undefined for none. What it throws ends the asking. */
  readonly onAnswer: (code: string, point: Point | undefined) => void;
}

export interface Asked {
  /** The service's quota is used up. */
  readonly quota: boolean;
  readonly stopped: boolean;
  /** Why some codes got no answer, to be thrown when all else is done. */
  readonly failure: S3LogExtractionError | undefined;
}

/** After so many codes in a row without an answer the service is taken to be down. */
const MOST_UNANSWERED_IN_A_ROW = 3;

/**
 * Ask where codes are, until all are answered, the quota is used up, the key is refused, the
 * service is down or a stop is requested. The caller knows by `onAnswer` which ones are done.
 */
export async function askOpenCage(
  codes: readonly string[],
  opencage: OpenCage,
  { shouldStop, concurrency, onAnswer }: AskOptions,
): Promise<Asked> {
  let ended: 'quota' | 'stopped' | 'down' | undefined;
  let thrown: unknown;
  let unanswered = 0;
  let inARow = 0;
  let why = '';
  const isOver = () => ended !== undefined || thrown !== undefined || shouldStop();

  const askOne = async (code: string): Promise<void> => {
    const place = placeOf(code);
    if (place === undefined || isOver()) return;
    const result = await opencage.locate(place, isOver);
    if (result.kind === 'found' || result.kind === 'none') {
      inARow = 0;
      onAnswer(code, result.kind === 'found' ? result.point : undefined);
    } else if (result.kind === 'unanswered') {
      unanswered++;
      why = result.why;
      if (++inARow >= MOST_UNANSWERED_IN_A_ROW) ended = 'down';
    } else {
      ended ??= result.kind;
    }
  };

  const limit = pLimit(concurrency);
  await Promise.all(
    codes.map((code) =>
      limit(() =>
        askOne(code).catch((error: unknown) => {
          thrown ??= error;
        }),
      ),
    ),
  );
  if (thrown !== undefined && !(thrown instanceof S3LogExtractionError)) throw thrown;
  const down = unanswered === 0 ? undefined : new OpenCageUnavailableError(unanswered, why);
  return { quota: ended === 'quota', stopped: shouldStop(), failure: thrown ?? down };
}

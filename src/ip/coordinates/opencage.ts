import { S3LogExtractionError } from '../../../cache/error.js';
import { parseRetryAfter } from '../lookup/retry.js';
import { boundAnswers, LongAnswerError } from './bounded-fetch.js';
import { type OpenCageAnswer, readOpenCageAnswer } from './opencage-answer.js';
import { createPace, pause } from './pace.js';
import { countryCodes, countryName, type Place } from './place-name.js';

export interface OpenCageOptions {
  /** Never part of a message. */
  readonly key: string | undefined;
  /** Another address of the service; undefined: its own. */
  readonly url: string | undefined;
  /** Default 1, which is what the free tier allows. */
  readonly requestsPerSecond?: number;
  /** Questions on their way at a time; what an interruption may lose. Default 1. */
  readonly concurrency?: number;
  /** How long an answer may take. Default 15 s. */
  readonly timeoutMs?: number;
  /** Wait before the second attempt; four times that before the third. Default 1 s. */
  readonly backoffMs?: number;
  /** The longest wait that the service may ask for; more is taken as a quota. Default 60 s. */
  readonly longestWaitMs?: number;
}

/** `unanswered`: no sensible answer after some attempts. `quota`: come back another day. */
export type OpenCageResult =
  | Exclude<OpenCageAnswer, { kind: 'invalid' }>
  | { readonly kind: 'unanswered'; readonly why: string }
  | { readonly kind: 'quota' | 'stopped' };

export interface OpenCage {
  /** @throws {OpenCageKeyError} */
  locate(place: Place, shouldStop: () => boolean): Promise<OpenCageResult>;
}

/** The service does not accept the key. */
export class OpenCageKeyError extends S3LogExtractionError {
  constructor(status: number) {
    super(
      'OPENCAGE_KEY_REFUSED',
      status === 401
        ? 'Could not ask OpenCage for coordinates: it does not know the key in OPENCAGE_API_KEY (401).'
        : `Could not ask OpenCage for coordinates: it refuses the key in OPENCAGE_API_KEY (${status}); it may be blocked, or not be allowed from here.`,
      {
        hint: 'Check OPENCAGE_API_KEY against your OpenCage dashboard, unset it, or give --database FILE.mmdb instead.',
      },
    );
  }
}

/** Far more than an answer with one place takes. */
const MOST_ANSWER_BYTES = 1 << 20;
const ATTEMPTS = 3;
const DEFAULTS = {
  requestsPerSecond: 1,
  timeoutMs: 15_000,
  backoffMs: 1_000,
  longestWaitMs: 60_000,
};

/**
 * Asks OpenCage, through its own client, where places are: paced, bounded in time and size, and again after
 * failures that may pass. No text of the service, and no address with the key in it, leaves here.
 */
export function createOpenCage(given: OpenCageOptions): OpenCage {
  const options = { ...DEFAULTS, ...given };
  const pace = createPace(options.requestsPerSecond);

  return {
    async locate(place, shouldStop) {
      let why = '';
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        if (!(await pace.next(shouldStop))) return { kind: 'stopped' };
        const reply = await ask(place, options);
        if (reply.kind === 'slow-down') {
          const waitMs = reply.waitMs ?? 2 * backoff(options.backoffMs, attempt);
          // Too fast at the agreed pace: others use the key as well.
          if (attempt === ATTEMPTS || waitMs > options.longestWaitMs) return { kind: 'quota' };
          pace.hold(waitMs);
        } else if (reply.kind === 'failed') {
          why = reply.why;
          if (reply.isFinal) break;
          const waitMs = reply.waitMs ?? backoff(options.backoffMs, attempt);
          if (attempt === ATTEMPTS || waitMs > options.longestWaitMs) break;
          if (!(await pause(waitMs, shouldStop))) return { kind: 'stopped' };
        } else {
          return reply;
        }
      }
      return { kind: 'unanswered', why };
    },
  };
}

type Reply =
  | Exclude<OpenCageAnswer, { kind: 'invalid' }>
  | { readonly kind: 'quota' }
  | { readonly kind: 'slow-down'; readonly waitMs: number | undefined }
  | {
      readonly kind: 'failed';
      readonly why: string;
      readonly waitMs?: number | undefined;
      /** Asking again is no use. */
      readonly isFinal?: boolean;
    };

async function ask(
  place: Place,
  { key, url, timeoutMs }: OpenCageOptions & { readonly timeoutMs: number },
): Promise<Reply> {
  const { geocode } = await import('opencage-api-client');
  const signal = AbortSignal.timeout(timeoutMs);
  // The client fetches by itself, whatever comes.
  boundAnswers(signal, MOST_ANSWER_BYTES);
  try {
    const response = await geocode(
      {
        q: `${place.region}, ${countryName(place.country)}`,
        countrycode: countryCodes(place.country).join(',').toLowerCase(),
        language: 'en',
        limit: 1,
        no_annotations: 1,
        no_record: 1,
        ...(key === undefined ? {} : { key }),
      },
      { signal, ...(url === undefined ? {} : { proxyURL: url }) },
    );
    const answer = readOpenCageAnswer(response, place);
    return answer.kind === 'invalid' ? { kind: 'failed', why: 'an unintelligible answer' } : answer;
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', why: `no answer within ${timeoutMs / 1000} s` };
    return replyToError(error);
  }
}

/** What a client's error means. Its texts stay here: they may hold the address with the key. */
function replyToError(error: unknown): Reply {
  if (error instanceof LongAnswerError) return { kind: 'failed', why: error.message };
  const { status, response } = error as { status?: { code?: unknown }; response?: Response };
  const code = status?.code;
  // The connection is free again only when the body has been dealt with.
  response?.body?.cancel().catch(() => {});
  if (typeof code !== 'number') {
    const why = error instanceof SyntaxError ? 'an answer that is not JSON' : 'no connection';
    return { kind: 'failed', why };
  }
  if (code === 401 || code === 403) throw new OpenCageKeyError(code);
  if (code === 402) return { kind: 'quota' };
  const waitMs = parseRetryAfter(response?.headers?.get('retry-after') ?? null);
  if (code === 429) return { kind: 'slow-down', waitMs };
  // 400 and 410 are about this one question: a place that cannot be asked for.
  if (code === 400 || code === 410) return { kind: 'none' };
  const why = `status ${code}`;
  return { kind: 'failed', why, waitMs, isFinal: code < 500 && code !== 408 };
}

function backoff(firstMs: number, attempt: number): number {
  return firstMs * 4 ** (attempt - 1);
}

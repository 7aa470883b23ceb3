import { setTimeout as sleep } from 'node:timers/promises';

/** How often and how patiently to ask again. */
export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number;
  /** Wait before the second attempt; each further one is twice as long. */
  readonly baseMs: number;
  readonly capMs: number;
  /** A service that wants to be left alone for longer is not waited for. */
  readonly mostRetryAfterMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attempts: 5,
  baseMs: 500,
  capMs: 30_000,
  mostRetryAfterMs: 120_000,
};

/** Why a request failed, without anything of its content. */
export class RequestFailure extends Error {
  /**
   * @param kind `quota`: 429 or 402; `key`: 401 or 403; `refused`: another 4xx; `passing`: what
   *   may be over soon; `stopped`: on request
   * @param reason for people: `HTTP 503`, `ECONNREFUSED`
   * @param retryAfterMs how long the service wants to be left alone
   */
  constructor(
    readonly kind: 'quota' | 'key' | 'refused' | 'passing' | 'stopped',
    readonly reason: string,
    readonly retryAfterMs?: number | undefined,
  ) {
    super(reason);
  }
}

/**
 * Ask until it works: what may pass and 429 are tried again with exponential back-off and jitter, not
 * before the time the service names in Retry-After.
 *
 * @throws {RequestFailure} the last one
 */
export async function retrying<T>(
  ask: () => Promise<T>,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      if (signal?.aborted) throw new RequestFailure('stopped', 'stopped');
      const isWorthwhile = error.kind === 'passing' || error.kind === 'quota';
      if (!isWorthwhile || attempt >= policy.attempts) throw error;
      if ((error.retryAfterMs ?? 0) > policy.mostRetryAfterMs) throw error;
      await wait(delayMs(attempt, error.retryAfterMs, policy), signal);
    }
  }
}

/** Milliseconds that a Retry-After header asks for: seconds or a date (RFC 9110 section 10.2.3). */
export function parseRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  // Date.parse takes `-1` for a year.
  const date = /^\s*[A-Za-z]/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function delayMs(attempt: number, retryAfterMs: number | undefined, policy: RetryPolicy): number {
  // Jitter: many that were turned away together do not come back together.
  if (retryAfterMs !== undefined) return retryAfterMs + Math.random() * policy.baseMs;
  const longest = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
  return longest * (0.5 + Math.random() / 2);
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw new RequestFailure('stopped', 'stopped');
  }
}

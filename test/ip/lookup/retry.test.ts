import { expect, test } from 'vitest';
import {
  DEFAULT_RETRY_POLICY,
  parseRetryAfter,
  RequestFailure,
  retrying,
} from '../../../src/ip/lookup/retry.js';

const NOW = Date.parse('2026-11-23T06:00:00Z');

test.each([
  [null, undefined],
  ['0', 0],
  ['7', 7000],
  ['Mon, 23 Nov 2026 06:01:00 GMT', 60_000],
  ['Mon, 23 Nov 2026 05:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
])('Retry-After %j means %j ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});

const FAST = { ...DEFAULT_RETRY_POLICY, baseMs: 1, capMs: 2 };

async function attempts(failure: RequestFailure, policy = FAST, signal?: AbortSignal) {
  let count = 0;
  const error = await retrying(
    async () => {
      count++;
      throw failure;
    },
    policy,
    signal,
  ).catch((reason: unknown) => reason);
  return { count, error: error as RequestFailure };
}

test('what may pass is tried again as often as allowed, and then told', async () => {
  const failure = new RequestFailure('passing', 'HTTP 500');
  expect(await attempts(failure)).toEqual({ count: 5, error: failure });
});

test('a wrong key and a refusal are told at once', async () => {
  for (const kind of ['key', 'refused'] as const) {
    expect((await attempts(new RequestFailure(kind, 'HTTP 4xx'))).count).toBe(1);
  }
});

test('a service that wants to be left alone for longer than we wait is not asked again', async () => {
  expect((await attempts(new RequestFailure('quota', 'HTTP 429', 3_600_000))).count).toBe(1);
});

test('a stop ends the wait', async () => {
  const controller = new AbortController();
  const slow = { ...FAST, baseMs: 60_000, capMs: 60_000 };
  const ended = attempts(new RequestFailure('passing', 'HTTP 500'), slow, controller.signal);
  setTimeout(() => controller.abort(), 5);
  expect(await ended).toMatchObject({ count: 1, error: { kind: 'stopped' } });
});

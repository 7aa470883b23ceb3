import { readAnswer } from '../read-answer.js';

/** An answer goes on beyond its limit; the rest is not read. */
export class LongAnswerError extends Error {
  constructor() {
    super('an answer that is too long');
  }
}

/** Most bytes of answers, by the signal that their request is made with. */
const limits = new WeakMap<AbortSignal, number>();
let isInstalled = false;

/**
 * Bound the answers to requests that a library makes by itself: their size, decompressed, and that they come from the server that was asked.
 * The library must hand the signal on to the global `fetch`; requests with other signals, or none, go on as they always did.
 *
 * @param signal that requests will be made with
 */
export function boundAnswers(signal: AbortSignal, limitBytes: number): void {
  limits.set(signal, limitBytes);
  if (isInstalled) return;
  isInstalled = true;
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const limit = init?.signal ? limits.get(init.signal) : undefined;
    if (limit === undefined) return plain(input, init);
    // A key is for one server; a service that has moved is told by its address.
    const response = await plain(input, { ...init, redirect: 'error' });
    if (!response.ok) return response;
    const body = await readAnswer(response, limit);
    if (body === undefined) throw new LongAnswerError();
    return new Response(body, { status: response.status });
  };
}

import { IPinfoWrapper } from 'ipinfo';
import { systemErrorCode } from '../../../cache/error.js';
import { readAnswer } from '../read-answer.js';
import { parseRetryAfter, RequestFailure } from './retry.js';

/** Far more than 1,000 of the longest answers. */
const MOST_ANSWER_BYTES = 64 << 20;

/** Where the service is, unless IPINFO_API_URL says otherwise. */
export const IPINFO_URL = 'https://ipinfo.io';

/** The client would keep answers by address; we ask for each once, and keep none. */
const NO_CACHE = { get: () => undefined, set: () => undefined };

/**
 * The official client, with the one request that all its methods make replaced by ours. Its own
 * hides Retry-After, quotes the token and the address in error texts, waits for a slow body without a
 * limit, and stumbles over an entry that is null. Paths, batches and answers stay its own.
 */
export class IpinfoClient extends IPinfoWrapper {
  readonly #url: string;
  readonly #token: string;
  readonly #timeoutMs: number;

  /** @param timeoutMs for a whole answer */
  constructor(token: string, url: string, timeoutMs: number) {
    super(token, NO_CACHE, timeoutMs, undefined, url);
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {RequestFailure} nothing else, and with nothing of the request in it */
  override async fetchApi(
    path: string,
    init: { readonly method?: string; readonly body?: string } = {},
    // biome-ignore lint/suspicious/noExplicitAny: the client's own type is of a library it bundles
  ): Promise<any> {
    try {
      const response = await fetch(`${this.#url}/${path.replace(/^\/+/, '')}`, {
        method: init.method ?? 'GET',
        ...(init.body === undefined ? {} : { body: init.body }),
        headers: {
          Accept: 'application/json',
          Authorization: `Bearer ${this.#token}`,
          'Content-Type': 'application/json',
        },
        // A token is for one host; a service that has moved is told by its address.
        redirect: 'error',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw failureOf(response);
      }
      const answer = withoutNulls(JSON.parse(await readText(response)));
      return { json: async () => answer };
    } catch (error) {
      throw error instanceof RequestFailure ? error : new RequestFailure('passing', reason(error));
    }
  }
}

function failureOf({ status, headers }: Response): RequestFailure {
  const after = parseRetryAfter(headers.get('retry-after'));
  const text = `HTTP ${status}`;
  if (status === 429 || status === 402) return new RequestFailure('quota', text, after);
  if (status === 401 || status === 403) return new RequestFailure('key', text);
  const isRefused = status >= 400 && status < 500 && status !== 408;
  return new RequestFailure(isRefused ? 'refused' : 'passing', text, after);
}

async function readText(response: Response): Promise<string> {
  const bytes = await readAnswer(response, MOST_ANSWER_BYTES);
  if (bytes === undefined) throw new RequestFailure('passing', 'its answer is too long');
  return bytes.toString('utf8');
}

function withoutNulls(answer: unknown): object {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new SyntaxError('no object');
  }
  return Object.fromEntries(Object.entries(answer).filter(([, entry]) => entry !== null));
}

function reason(error: unknown): string {
  const { name, cause } = error as Error;
  if (name === 'TimeoutError') return 'no answer in time';
  if (error instanceof SyntaxError) return 'its answer is not valid JSON';
  return systemErrorCode(cause) ?? 'the connection failed';
}

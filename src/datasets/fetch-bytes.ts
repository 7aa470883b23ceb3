import { systemErrorCode } from '../../cache/error.js';
import { parseRetryAfter, RequestFailure } from '../ip/lookup/retry.js';
import { withoutCredentials } from './source-url.js';

export interface FetchBytesOptions {
  readonly fetch?: typeof fetch | undefined;
  readonly timeoutMs: number;
  readonly limitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Get the body of a URL, up to so many bytes of it.
 *
 * @throws {RequestFailure} with nothing of the URL but its server
 */
export async function fetchBytes(url: URL, options: FetchBytesOptions): Promise<Buffer> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const { signal: outer, fetch: get = fetch } = options;
  const signal = outer === undefined ? timeout : AbortSignal.any([timeout, outer]);
  try {
    const { url: bare, authorization } = withoutCredentials(url);
    const response = await get(bare, {
      signal,
      headers: {
        'user-agent': 's3logextraction',
        accept: 'application/json, */*',
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failureOf(url, response);
    }
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > options.limitBytes) {
        throw new RequestFailure(
          'refused',
          `${url.host} sent more than ${options.limitBytes} bytes`,
        );
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (error instanceof RequestFailure) throw error;
    if (outer?.aborted) throw new RequestFailure('stopped', 'stopped');
    if (timeout.aborted) {
      throw new RequestFailure(
        'passing',
        `${url.host} did not answer within ${options.timeoutMs / 1000} s`,
      );
    }
    const cause = (error as { cause?: unknown }).cause;
    const reason = systemErrorCode(cause) ?? systemErrorCode(error) ?? 'the connection failed';
    throw new RequestFailure('passing', `no answer from ${url.host} (${reason})`);
  }
}

function failureOf(url: URL, { status, headers }: Response): RequestFailure {
  const reason = `${url.host} answered with status ${status}`;
  if (status === 429) {
    return new RequestFailure('quota', reason, parseRetryAfter(headers.get('retry-after')));
  }
  if (status === 401 || status === 403) return new RequestFailure('key', reason);
  return new RequestFailure(status >= 500 ? 'passing' : 'refused', reason);
}

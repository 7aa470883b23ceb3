import { systemErrorCode } from '../../../cache/error.js';
import { readAnswer } from '../read-answer.js';
import { UnusableListError } from './list-error.js';

export interface FetchTextOptions {
  readonly fetch: typeof fetch;
  /** For the whole answer, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest answer taken, after decompression. */
  readonly limitBytes: number;
  /** Ends the download, and then the whole of what the caller does. */
  readonly signal: AbortSignal | undefined;
}

export interface FetchedText {
  readonly text: string;
  /** The server's name for this version of the text. */
  readonly etag: string | undefined;
}

/**
 * Get a text from a server.
 *
 * @param etag of the version that is known already
 * @returns undefined when that version is still the current one
 * @throws {UnusableListError} with the server's name and the reason; what the signal says, when it ended this
 */
export async function fetchText(
  url: string,
  etag: string | undefined,
  options: FetchTextOptions,
): Promise<FetchedText | undefined> {
  const host = hostOf(url);
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal =
    options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    const response = await options.fetch(url, { signal, headers: headers(etag) });
    if (response.status === 304 && etag !== undefined) return undefined;
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new UnusableListError(`${host} answered with status ${response.status}`);
    }
    const text = await readText(response, host, options.limitBytes);
    return { text, etag: plausibleEtag(response.headers.get('etag')) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UnusableListError) throw error;
    if (timeout.aborted) {
      throw new UnusableListError(`${host} did not answer within ${options.timeoutMs / 1000} s`);
    }
    throw new UnusableListError(`no answer from ${host} (${reasonOf(error)})`, error);
  }
}

/** The name of the server alone: the rest of an address may hold a token. */
function hostOf(url: string): string {
  const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: '', host: '' };
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new UnusableListError('its address is not one of http or https');
  }
  return host;
}

function headers(etag: string | undefined): Record<string, string> {
  // GitHub refuses requests without a user agent.
  const common = { 'user-agent': 's3logextraction', accept: '*/*' };
  return etag === undefined ? common : { ...common, 'if-none-match': etag };
}

async function readText(response: Response, host: string, limitBytes: number): Promise<string> {
  const bytes = await readAnswer(response, limitBytes);
  if (bytes === undefined)
    throw new UnusableListError(`${host} sent more than ${limitBytes} bytes`);
  return decodeText(bytes);
}

/** @throws {UnusableListError} when the bytes are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnusableListError('it is not text');
  }
}

/** An ETag is sent back as a header and stored: only what RFC 9110 section 8.8.3 allows, and no novel. */
function plausibleEtag(etag: string | null): string | undefined {
  return etag !== null && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : undefined;
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  return systemErrorCode(cause) ?? systemErrorCode(error) ?? 'the connection failed';
}

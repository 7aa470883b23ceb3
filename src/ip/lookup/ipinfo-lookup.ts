import pLimit from 'p-limit';
import { S3LogExtractionError } from '../../../cache/error.js';
import { addressText } from './address-text.js';
import { IPINFO_URL, IpinfoClient } from './ipinfo-client.js';
import { regionCodeOf } from './region-code.js';
import type { LookupResult, RegionLookup } from './region-lookup.js';
import { DEFAULT_RETRY_POLICY, RequestFailure, type RetryPolicy, retrying } from './retry.js';

export interface IpinfoOptions {
  readonly token: string;
  /** Default: the service itself. */
  readonly url?: string | undefined;
  /** For one answer. Default: half a minute. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: Partial<RetryPolicy>;
}

/** The service does not accept the token. */
export class InvalidIpinfoKeyError extends S3LogExtractionError {
  constructor(reason: string) {
    super('INVALID_IPINFO_KEY', `ipinfo does not accept the token in IPINFO_API_KEY (${reason}).`, {
      hint: 'Set IPINFO_API_KEY to the token shown at https://ipinfo.io/account, or use --database FILE.mmdb. What was saved before is kept.',
    });
  }
}

/** The address of the service is none. */
export class IpinfoUrlError extends S3LogExtractionError {
  constructor() {
    super('INVALID_IPINFO_URL', 'IPINFO_API_URL is not an http or https address.', {
      hint: 'Unset it to ask ipinfo itself, or set it as in http://127.0.0.1:8080.',
    });
  }
}

/** The service answers no more for now. */
export class LookupQuotaError extends S3LogExtractionError {
  constructor() {
    super(
      'LOOKUP_QUOTA',
      'The quota of the lookup service is used up.',
      { hint: 'What was found is kept; run the same command again when there is quota.' },
      5,
    );
  }
}

/** The service could not be asked, although it was tried again. */
export class LookupFailedError extends S3LogExtractionError {
  constructor(reason: string) {
    super('LOOKUP_FAILED', `The lookup service could not be asked: ${reason}.`, {
      hint: 'What was found is kept; run the same command again later.',
    });
  }
}

/** The most that the service takes in one request. */
export const IPINFO_BATCH_SIZE = 1000;

const TIMEOUT_MS = 30_000;
/** Requests for one address each that are made at a time. */
const SINGLES_AT_ONCE = 8;

/**
 * Regions from ipinfo, by its official client: up to 1,000 addresses a request. An address that an
 * answer leaves out is asked for alone.
 *
 * @throws {InvalidIpinfoKeyError} when the token cannot be one @throws {IpinfoUrlError}
 */
export function createIpinfoLookup(options: IpinfoOptions): RegionLookup {
  const { token, url = IPINFO_URL } = options;
  if (!/^[\x21-\x7e]+$/.test(token)) throw new InvalidIpinfoKeyError('it cannot be one');
  if (!isHttp(url)) throw new IpinfoUrlError();
  const client = new IpinfoClient(token, url, options.timeoutMs ?? TIMEOUT_MS);
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  return {
    batchSize: IPINFO_BATCH_SIZE,
    async lookUp(addresses, signal) {
      const texts = addresses.map(addressText);
      const results: LookupResult[] = texts.map(() => undefined);
      try {
        if (texts.length > 1) await askTogether(client, texts, results, policy, signal);
        const left = texts.flatMap((_, i) => (results[i] === undefined ? [i] : []));
        await askAlone(client, texts, left, results, policy, signal);
      } catch (error) {
        return { results, failure: lookupFailure(error) };
      }
      const isQuota = results.includes('undetermined');
      return { results, failure: isQuota ? new LookupQuotaError() : undefined };
    },
    close() {},
  };
}

/** One request for all; fills in what its answer says. @throws {RequestFailure} */
async function askTogether(
  client: IpinfoClient,
  texts: readonly string[],
  results: LookupResult[],
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<void> {
  const answer = await retrying(
    async () => {
      const found = await client.getBatch([...texts], IPINFO_BATCH_SIZE).catch(asFailure);
      if (Object.keys(found).length > 0) return found;
      throw new RequestFailure('passing', 'its answer is empty');
    },
    policy,
    signal,
  );
  texts.forEach((text, i) => {
    if (Object.hasOwn(answer, text)) results[i] = resultOf(answer[text]);
  });
}

/** One request for each; fills in what they say. @throws {RequestFailure} the first one */
async function askAlone(
  client: IpinfoClient,
  texts: readonly string[],
  left: readonly number[],
  results: LookupResult[],
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limit = pLimit(SINGLES_AT_ONCE);
  let failure: unknown;
  const ask = async (i: number): Promise<void> => {
    if (failure !== undefined || signal?.aborted) return;
    try {
      const once = () => client.lookupIp(texts[i] as string).catch(asFailure);
      results[i] = resultOf(await retrying(once, policy, signal)) ?? 'unknown';
    } catch (error) {
      if (error instanceof RequestFailure && error.kind === 'refused') results[i] = 'unknown';
      else failure ??= error;
    }
  };
  await Promise.all(left.map((i) => limit(ask, i)));
  if (failure !== undefined) throw failure;
}

/** Undefined: the service failed at this one; it is worth asking for it alone. */
function resultOf(entry: unknown): LookupResult {
  const { error, status } = Object(entry) as { error?: unknown; status?: unknown };
  const isError = typeof entry === 'string' || (error !== undefined && error !== null);
  if (!isError) return regionCodeOf(entry) ?? 'unknown';
  if (typeof status === 'number' && status >= 500) return undefined;
  return isQuota(status, entry) ? 'undetermined' : 'unknown';
}

/** Entries of a batch tell it as the status of a request would, or in words only. */
function isQuota(status: unknown, entry: unknown): boolean {
  if (status === 429 || status === 402) return true;
  return /rate limit|quota|limit exceeded|too many requests/i.test(JSON.stringify(entry));
}

/** What the client itself throws may quote what it was given: it is replaced. */
function asFailure(error: unknown): never {
  if (error instanceof RequestFailure) throw error;
  throw new RequestFailure('passing', 'its answer has another form than expected');
}

function lookupFailure(error: unknown): S3LogExtractionError | undefined {
  if (!(error instanceof RequestFailure)) throw error;
  switch (error.kind) {
    case 'stopped':
      return undefined;
    case 'key':
      return new InvalidIpinfoKeyError(error.reason);
    case 'quota':
      return new LookupQuotaError();
    default:
      return new LookupFailedError(error.reason);
  }
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

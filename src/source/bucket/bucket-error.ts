import { S3LogExtractionError } from '../../../cache/error.js';
import { AnswerError } from './answer-body.js';

/** Where something was asked for, in words. */
interface Where {
  /** `list`, `read`, ... */
  readonly doing: string;
  /** `s3://bucket/prefix` */
  readonly url: string;
  /** Origin of the store, if it is not AWS. */
  readonly endpoint?: string | undefined;
}

/** Which exit everything about buckets takes: one class, so that nothing of an answer or a request is ever shown. */
export class BucketError extends S3LogExtractionError {
  constructor({ doing, url, endpoint }: Where, why: string, hint: string) {
    const at = endpoint === undefined ? '' : ` at ${endpoint}`;
    super('BUCKET_FAILED', `Could not ${doing} ${url}${at}: ${why}.`, { hint });
  }
}

/** There is nothing to sign requests with. */
export class NoCredentialsError extends S3LogExtractionError {
  constructor({ doing, url }: Where) {
    super('NO_CREDENTIALS', `Could not ${doing} ${url}: no credentials were found.`, {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws with AWS_PROFILE.',
    });
  }
}

/** The store does not take the credentials. */
export class CredentialsError extends S3LogExtractionError {
  constructor({ doing, url }: Where, code: string) {
    super('CREDENTIALS_REFUSED', `Could not ${doing} ${url}: the store refused it (${code}).`, {
      hint: 'Check the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE), what they are allowed, --region, and the clock of this machine.',
    });
  }
}

/** The store has no such bucket. */
export class NoBucketError extends S3LogExtractionError {
  constructor({ doing, url, endpoint }: Where) {
    const at = endpoint === undefined ? '' : ` at ${endpoint}`;
    super('NO_SUCH_BUCKET', `Could not ${doing} ${url}${at}: there is no such bucket.`, {
      hint: 'Check its name, and --endpoint and --region: other stores have other buckets.',
    });
  }
}

/** Codes of what is wrong with who asks; all that he asks for will be refused. */
const REFUSED = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'Forbidden',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
]);

/** Whether an answer of this code concerns all objects, not one. */
export function concernsAll(code: string): boolean {
  return REFUSED.has(code) && code !== 'AccessDenied' && code !== 'Forbidden';
}

/** Shown where it is a code and no text: a hostile store may say anything. */
export function safeCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Z][A-Za-z0-9_]{1,60}$/.test(code) ? code : undefined;
}

/** What went wrong with a request of the SDK, in words of ours. */
export function bucketError(error: unknown, where: Where): S3LogExtractionError {
  if (error instanceof S3LogExtractionError) return error;
  if (error instanceof AnswerError) {
    return new BucketError(
      where,
      error.message,
      'Check that --endpoint is the address of an S3 store; nothing committed is lost.',
    );
  }
  const { name, code, $metadata, $response, cause } = Object(error) as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly cause?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  const status = $metadata?.httpStatusCode;
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return new NoCredentialsError(where);
  }
  const region = $response?.headers?.['x-amz-bucket-region'];
  const isElsewhere =
    status === 301 ||
    status === 307 ||
    (name === 'AuthorizationHeaderMalformed' && region !== undefined);
  if (isElsewhere) {
    const named = /^[a-z0-9-]{2,30}$/.test(region ?? '') ? region : undefined;
    return new BucketError(
      where,
      `the bucket is in ${named === undefined ? 'another region' : `the region ${named}`}`,
      `Name its region with --region${named === undefined ? '' : ` ${named}`}.`,
    );
  }
  if (name === 'NoSuchBucket') return new NoBucketError(where);
  const told = safeCode(name) ?? 'unknown';
  if (REFUSED.has(told) || status === 401 || status === 403) {
    return new CredentialsError(where, status === 403 && told === 'unknown' ? 'HTTP 403' : told);
  }
  const system = safeCode(code) ?? safeCode(Object(cause).code);
  if (status === undefined || system !== undefined) return connectionError(system ?? told, where);
  return new BucketError(
    where,
    `the store answered ${status} (${told})`,
    'Nothing committed is lost: run the same command again once the store works; check --endpoint and --region, too.',
  );
}

/** No answer came. @param code of the system's, or the name of an error */
export function connectionError(code: string, where: Where): BucketError {
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_|EPROTO/.test(code);
  const hint = isTls
    ? 'Check that --endpoint has the right https:// or http:// and name; NODE_EXTRA_CA_CERTS names a file with the certificate of an authority of your own.'
    : 'Check --endpoint, --region, and that the store can be reached from this machine; nothing committed is lost.';
  return new BucketError(where, `no answer came (${code})`, hint);
}

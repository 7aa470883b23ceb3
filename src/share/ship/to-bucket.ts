import { createHash } from 'node:crypto';
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { S3LogExtractionError } from '../../../cache/error.js';
import { RequestFailure, type RetryPolicy, retrying } from '../../ip/lookup/retry.js';
import { AnswerError } from '../../source/bucket/answer-body.js';
import { boundAnswers } from '../../source/bucket/bound-answers.js';
import { bucketError, safeCode } from '../../source/bucket/bucket-error.js';
import { parseBucketUrl } from '../../source/bucket/bucket-url.js';
import {
  checkedEndpoint,
  configuredRegion,
  regionTold,
} from '../../source/bucket/store-settings.js';
import {
  checksumLine,
  type Shipment,
  type Shipper,
  ShippingError,
  ShippingStopped,
} from './shipper.js';

export interface BucketShipperOptions {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly silenceMs: number;
  readonly retries?: RetryPolicy;
  readonly onRetry?: ((name: string, reason: string) => void) | undefined;
}

const RETRIES: RetryPolicy = {
  attempts: 6,
  baseMs: 1_000,
  capMs: 60_000,
  mostRetryAfterMs: 300_000,
};

/**
 * Puts packages into a bucket, each with its checksum beside it, which comes last. Credentials are found where AWS tools find them.
 *
 * @param source `s3://bucket/folder`
 * @throws {BucketUrlError} @throws {EndpointError}
 */
export async function openBucketShipper(
  source: string,
  options: BucketShipperOptions,
): Promise<Shipper> {
  const { silenceMs, retries = RETRIES, onRetry } = options;
  const { bucket, prefix, url } = parseBucketUrl(source);
  const endpoint = checkedEndpoint(options.endpoint);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-s3');
  let region = options.region ?? (await configuredRegion(sdk, endpoint));
  const connect = (): S3Client => {
    const made = new sdk.S3Client({
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      region,
      // A body that was read once cannot be sent again: attempts are made here, each with a new one.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: 10_000,
        // None for a request as a whole: a package may take long, as long as bytes go.
        socketTimeout: silenceMs,
      },
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestChecksumCalculation: 'WHEN_REQUIRED',
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    boundAnswers(made);
    return made;
  };
  let client = connect();

  /** @returns whether the very object is there */
  const isThere = async (Key: string, { sha256, sizeBytes }: Shipment, signal: AbortSignal) => {
    try {
      const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key });
      const head = await client.send(command, { abortSignal: signal });
      return head.Metadata?.sha256 === sha256 && head.ContentLength === sizeBytes;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  };
  const put = async (
    input: Omit<PutObjectCommandInput, 'Bucket'>,
    sha256: string,
    signal: AbortSignal,
  ) => {
    const command = new sdk.PutObjectCommand({ ...input, Bucket: bucket });
    // It is known: else the body would be read twice.
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = sha256;
        return next(args);
      },
      { step: 'build', name: 'knownHash' },
    );
    await client.send(command, { abortSignal: signal });
  };
  const shipOnce = async (shipment: Shipment, signal: AbortSignal) => {
    const { name, sha256, sizeBytes, contentType } = shipment;
    const Key = `${prefix}${name}`;
    const wasThere = await isThere(Key, shipment, signal);
    if (!wasThere) {
      const Body = shipment.open();
      const input = { Key, Body, ContentLength: sizeBytes, ContentType: contentType };
      try {
        await put({ ...input, Metadata: { sha256 } }, sha256, signal);
      } finally {
        Body.destroy();
      }
    }
    const text = Buffer.from(checksumLine(shipment));
    const checksum = { Key: `${Key}.sha256`, Body: text, ContentType: 'text/plain' };
    await put(checksum, sha256Of(text), signal);
    return wasThere ? ('there' as const) : ('shipped' as const);
  };

  return {
    async ship(shipment, signal) {
      let attempts = 0;
      let reason = '';
      try {
        return await retrying(
          async () => {
            if (signal.aborted) throw new RequestFailure('stopped', 'stopped');
            if (attempts++ > 0) onRetry?.(shipment.name, reason);
            try {
              return await shipOnce(shipment, signal);
            } catch (error) {
              const actual = regionTold(error);
              if (actual !== undefined && options.region === undefined && actual !== region) {
                region = actual;
                client.destroy();
                client = connect();
                return await shipOnce(shipment, signal);
              }
              const passing = passingOf(error, signal);
              if (passing === undefined) throw error;
              reason = passing.reason;
              throw passing;
            }
          },
          retries,
          signal,
        );
      } catch (error) {
        if (error instanceof RequestFailure) {
          if (error.kind === 'stopped') throw new ShippingStopped();
          const why = `${error.reason} (${attempts} attempts)`;
          throw new ShippingError(shipment.name, url, why, error);
        }
        if (error instanceof S3LogExtractionError) throw error;
        throw bucketError(error, { doing: `ship ${shipment.name} to`, url, endpoint });
      }
    },
    close: () => client.destroy(),
  };
}

/** What may be over soon. */
function passingOf(error: unknown, signal: AbortSignal): RequestFailure | undefined {
  if (signal.aborted) return new RequestFailure('stopped', 'stopped');
  if (error instanceof S3LogExtractionError || error instanceof AnswerError) return undefined;
  const { name, code, cause } = Object(error) as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly cause?: unknown;
  };
  const status = statusOf(error);
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return undefined;
  if (status === undefined) {
    const told = safeCode(code) ?? safeCode(Object(cause).code) ?? safeCode(name);
    return new RequestFailure('passing', `no answer came (${told ?? 'unknown'})`);
  }
  const isPassing = status >= 500 || [408, 409, 425, 429].includes(status) || name === 'SlowDown';
  if (!isPassing) return undefined;
  return new RequestFailure('passing', `the store answered ${status}`);
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = Object(error) as { $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

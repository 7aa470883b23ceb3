import { Readable } from 'node:stream';
import type { _Object, S3Client } from '@aws-sdk/client-s3';
import type { LogPath } from '../log-path.js';
import type { BucketAccess } from './access.js';
import { AnswerError, readAnswer } from './answer-body.js';
import { boundAnswers } from './bound-answers.js';
import { bucketError } from './bucket-error.js';
import type { BucketOptions } from './bucket-options.js';
import { type BucketUrl, parseBucketUrl } from './bucket-url.js';
import { decodeKey, type ListedObject, takeObjects } from './list-page.js';
import { keyOf } from './object-path.js';
import { PagingGuard } from './paging-guard.js';
import { checkedEndpoint, configuredRegion, regionTold } from './store-settings.js';

/** A bucket that is open for listing and deleting; its objects are read in threads, with {@link Bucket.access}. */
export interface Bucket extends BucketUrl {
  /** One page after the other. @throws {S3LogExtractionError} */
  pages(): AsyncGenerator<readonly ListedObject[], void>;
  /** For requests signed from now on; asked again, it has fresh credentials. @throws {S3LogExtractionError} */
  access(): Promise<BucketAccess>;
  /** Delete an object if it is still the one listed. @param path see `objectPath` @returns why it was not */
  remove(path: LogPath, etag: string | undefined): Promise<Removal>;
  close(): void;
}

/** `changed`: there is another object under the key now; it stays. */
export type Removal = 'removed' | 'gone' | 'changed' | { readonly failed: string };

/** Attempts of the SDK at a request; it waits longer after each, and as long as Retry-After says. */
const ATTEMPTS = 8;
/** Without a byte for so long, a connection is given up. */
const SILENCE_MS = 30_000;

/**
 * Open a bucket with the credentials, region and endpoint that AWS tools use: options, else variables, else the files
 * below ~/.aws, else what the machine or container is given. Nothing is asked of the store yet.
 *
 * @throws {BucketUrlError} @throws {EndpointError}
 */
export async function openBucket(source: string, options: BucketOptions): Promise<Bucket> {
  const url = parseBucketUrl(source);
  const endpoint = checkedEndpoint(options.endpoint);
  // About versions of Node: nothing for whoever runs this to act on, and no line of ours.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-s3');
  let region = options.region;
  /** Where the SDK went for the bucket: its rules for names of servers are not repeated here. */
  let place: Pick<BucketAccess, 'origin' | 'basePath'> | undefined;
  const connect = (): S3Client => {
    const client = new sdk.S3Client({
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(region === undefined ? {} : { region }),
      maxAttempts: ATTEMPTS,
      retryMode: 'standard',
      requestHandler: {
        connectionTimeout: 10_000,
        requestTimeout: SILENCE_MS,
        throwOnRequestTimeout: true,
        socketTimeout: SILENCE_MS,
      },
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestChecksumCalculation: 'WHEN_REQUIRED',
      // Its warnings are about versions of Node.
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as {
          protocol: string;
          hostname: string;
          port?: number;
          path: string;
        };
        const port = request.port === undefined ? '' : `:${request.port}`;
        place ??= {
          origin: `${request.protocol}//${request.hostname}${port}`,
          basePath: `${request.path.replace(/\/+$/, '')}/`,
        };
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'notePlace' },
    );
    boundAnswers(client);
    return client;
  };
  if (region === undefined) region = await configuredRegion(sdk, endpoint);
  let client = connect();
  const where = (doing: string) => ({ doing, url: url.url, endpoint });

  const list = async (token: string | undefined) => {
    let objects: readonly ListedObject[] | undefined;
    const command = new sdk.ListObjectsV2Command({
      Bucket: url.bucket,
      Prefix: url.prefix,
      EncodingType: 'url',
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const response = result.response as { statusCode: number; body: Readable };
        if (response.statusCode !== 200) return result;
        const xml = (await readAnswer(response.body)).toString();
        const page = takeObjects(xml);
        // Of a page for people the SDK would make a bucket without objects.
        if (!(page?.rest ?? xml).includes('ListBucketResult')) {
          throw new AnswerError('what it answered is no listing');
        }
        objects = page?.objects;
        response.body = Readable.from([Buffer.from(page?.rest ?? xml)]);
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'takeObjects' },
    );
    const send = async () => ({ page: await client.send(command), objects });
    try {
      return await send();
    } catch (error) {
      const actual = regionTold(error);
      // Nobody named a region: that of the bucket is meant.
      if (actual === undefined || options.region !== undefined || actual === region) throw error;
      region = actual;
      place = undefined;
      client.destroy();
      client = connect();
      return send();
    }
  };

  return {
    ...url,
    async *pages() {
      const guard = new PagingGuard();
      for (let token: string | undefined; ; ) {
        let listed: readonly ListedObject[];
        let next: string | undefined;
        try {
          const { page, objects } = await list(token);
          listed = objects ?? (page.Contents ?? []).map(listedObject);
          if (page.IsTruncated === true) {
            next = guard.next(page.NextContinuationToken, listed);
          }
        } catch (error) {
          throw bucketError(error, where('list'));
        }
        yield listed;
        if (next === undefined) return;
        token = next;
      }
    },
    async access() {
      try {
        const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
        if (place === undefined) await list(undefined);
        const at = place as unknown as NonNullable<typeof place>;
        return {
          ...at,
          region: await client.config.region(),
          accessKeyId,
          secretAccessKey,
          sessionToken,
        };
      } catch (error) {
        throw bucketError(error, where('read'));
      }
    },
    async remove(path, etag) {
      // Without one nobody could tell whether it is the one that was read.
      if (etag === undefined || etag === '') return { failed: 'the store names no ETag' };
      const object = { Bucket: url.bucket, Key: Buffer.from(keyOf(path), 'latin1').toString() };
      try {
        // Which version it is, and, for stores that do not heed conditions of a deletion, whether it is the one read.
        const head = await client.send(new sdk.HeadObjectCommand(object));
        if (head.ETag !== etag) return 'changed';
        const version = head.VersionId;
        const isVersioned = version !== undefined && version !== 'null';
        const what = isVersioned ? { VersionId: version } : { IfMatch: etag };
        await client.send(new sdk.DeleteObjectCommand({ ...object, ...what }));
        return 'removed';
      } catch (error) {
        const { name, $metadata } = Object(error) as {
          readonly name?: unknown;
          readonly $metadata?: { readonly httpStatusCode?: number };
        };
        if ($metadata?.httpStatusCode === 404) return 'gone';
        if ($metadata?.httpStatusCode === 412) return 'changed';
        const told = /^[A-Za-z0-9_]{1,60}$/.test(String(name)) ? String(name) : 'no answer';
        return { failed: `the store answered ${$metadata?.httpStatusCode ?? 'nothing'} (${told})` };
      }
    },
    close: () => client.destroy(),
  };
}

/** @throws {AnswerError} of numbers that no object has */
function listedObject({ Key = '', Size = 0, LastModified, ETag = '' }: _Object): ListedObject {
  const modifiedMs = LastModified?.getTime() ?? 0;
  if (!Number.isSafeInteger(Size) || Size < 0 || Number.isNaN(modifiedMs)) {
    throw new AnswerError('its listing has an object without a size or time that can be');
  }
  return { key: decodeKey(Key), sizeBytes: Size, modifiedMs, etag: ETag };
}

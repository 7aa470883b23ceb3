import { setTimeout as sleep } from 'node:timers/promises';
import aws4 from 'aws4';
import { type Dispatcher, Pool } from 'undici';
import type { LogPath } from '../log-path.js';
import { UnreadableFileError } from '../unreadable-file.js';
import type { BucketAccess } from './access.js';
import { CredentialsError, concernsAll, connectionError, safeCode } from './bucket-error.js';
import { keyOf } from './object-path.js';

/** Bytes of an object that are asked for at once. */
export interface ObjectRange {
  readonly path: LogPath;
  /** As listed: of a later object under the key nothing is taken. */
  readonly etag: string;
  readonly start: number;
  /** At least 1. */
  readonly length: number;
}

/** Larger objects are read in several requests at once. Any of these may be made again, so they are not too large. */
export const RANGE_BYTES = 4 << 20;

/** Buffers kept for further ranges. */
const MOST_FREE = 8;

const ATTEMPTS = 8;
const BASE_MS = 100;
const CAP_MS = 10_000;
/** A store that wants to be left alone for longer is asked again by the next run. */
const MOST_RETRY_AFTER_MS = 60_000;
/** Without a byte for so long, a connection is given up. */
const SILENCE_MS = 30_000;

/** For the whole of a range, which is at most {@link RANGE_BYTES}: bytes may come one by one. Once more would not be faster. */
const TRANSFER_MS = 600_000;

/** So many objects given up in a row, and none read meanwhile: it is the store, not the objects. */
const MOST_GIVEN_UP = 4;

/** Of longer error texts no more is read: they may have no end. */
const MOST_ERROR_BYTES = 16 << 10;

/** What may pass: asked again after a while. */
class Passing extends Error {
  constructor(
    readonly reason: string,
    /** Whether an answer came at all. */
    readonly isAnswer: boolean,
    readonly retryAfterMs?: number | undefined,
  ) {
    super(reason);
  }
}

/**
 * Reads ranges of objects, over connections that stay open. Requests are signed by aws4 and sent by undici, not by the SDK: that
 * takes a tenth of the time, which with small objects is most of all there is.
 */
export class RangeReader {
  readonly #pool: Pool;
  readonly #host: string;
  #givenUp = 0;
  #second = 0;
  #dateText = '';
  readonly #free: Buffer[] = [];

  /** @param connections at most @param transferMs in which a range has to come */
  constructor(
    readonly origin: string,
    connections: number,
    private readonly transferMs = TRANSFER_MS,
  ) {
    this.#host = new URL(origin).host;
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      keepAliveTimeout: 10_000,
      bodyTimeout: SILENCE_MS,
      headersTimeout: SILENCE_MS,
      connectTimeout: 10_000,
    });
  }

  /**
   * @throws {UnreadableFileError} of an object that is gone, has changed, or cannot be read after several attempts
   * @throws {S3LogExtractionError} when no object can be read
   */
  async read(range: ObjectRange, access: BucketAccess): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      try {
        const bytes = await this.#get(range, access);
        this.#givenUp = 0;
        return bytes;
      } catch (error) {
        if (!(error instanceof Passing)) throw error;
        const wait = error.retryAfterMs ?? 0;
        if (attempt >= ATTEMPTS || wait > MOST_RETRY_AFTER_MS) this.#giveUp(error, attempt);
        const longest = Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
        // Jitter: many that were turned away together do not come back together.
        await sleep(wait + longest * (0.25 + 0.75 * Math.random()));
      }
    }
  }

  /** Now, to the second, as requests are signed with it: 20240301T101112Z. */
  #date(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#dateText = new Date(second * 1000).toISOString().replace(/[-:]|\.\d{3}/g, '');
    }
    return this.#dateText;
  }

  close(): void {
    this.#pool.destroy().catch(() => undefined);
  }

  #giveUp({ reason, isAnswer }: Passing, attempts: number): never {
    const isOver = ++this.#givenUp >= MOST_GIVEN_UP;
    if (isOver || !isAnswer) {
      throw connectionError(reason, { doing: 'read objects', url: `from ${this.origin}` });
    }
    throw new UnreadableFileError(`the store failed ${attempts} times, at last with ${reason}`);
  }

  async #get({ path, etag, start, length }: ObjectRange, access: BucketAccess): Promise<Buffer> {
    const request = {
      host: this.#host,
      method: 'GET',
      path: `${access.basePath}${encodeKey(keyOf(path))}`,
      service: 's3',
      region: access.region,
      headers: {
        Range: `bytes=${start}-${start + length - 1}`,
        ...(etag === '' ? {} : { 'If-Match': etag }),
        'X-Amz-Content-Sha256': EMPTY_SHA256,
        // To make it takes as long as to sign with it.
        'X-Amz-Date': this.#date(),
      },
    };
    const { accessKeyId, secretAccessKey, sessionToken } = access;
    aws4.sign(request, {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    });
    return this.#send(
      { path: request.path, method: 'GET', headers: request.headers },
      path,
      length,
    );
  }

  /** Send a request and gather exactly `length` bytes. Handlers, no streams: objects are small and many. */
  #send(request: Dispatcher.DispatchOptions, path: LogPath, length: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const bytes = this.#buffer(length);
      let filled = 0;
      let status = 0;
      let retryAfter: string | undefined;
      let errorText = '';
      let abort: (error?: Error) => void = () => {};
      let late: NodeJS.Timeout | undefined;
      const begin = (): void => {
        late ??= setTimeout(
          () => abort(new UnreadableFileError('its transfer took too long')),
          this.transferMs,
        );
      };
      const fail = (error: Error): void => {
        clearTimeout(late);
        this.release(bytes);
        reject(error);
      };
      this.#pool.dispatch(request, {
        onConnect(stop) {
          abort = stop;
        },
        onHeaders: (code, headers) => {
          status = code;
          if (!isData(code)) retryAfter = headerOf(headers as Buffer[] | null, 'retry-after');
          return true;
        },
        onData(chunk) {
          if (!isData(status)) {
            begin();
            errorText += chunk.toString('latin1');
            if (errorText.length < MOST_ERROR_BYTES) return true;
            abort(failureOf(status, errorText, retryAfter, path));
            return false;
          }
          // Without ranges the whole of it comes, which is right for what begins at 0 and ends with it.
          if (filled + chunk.length > length) {
            abort(new UnreadableFileError(CHANGED));
            return false;
          }
          bytes.set(chunk, filled);
          filled += chunk.length;
          // Small ones come at once, and need no timer of their own.
          if (filled < length) begin();
          return true;
        },
        onComplete: () => {
          if (!isData(status)) fail(failureOf(status, errorText, retryAfter, path));
          else if (filled !== length) fail(new Passing('a transfer that broke off', true));
          else {
            clearTimeout(late);
            resolve(bytes);
          }
        },
        onError: (error) => {
          if (!isConnectionFailure(error)) fail(error);
          else fail(new Passing((error as NodeJS.ErrnoException).code as string, status !== 0));
        },
      });
    });
  }

  /** Large ones are used again: memory used for the first time costs more than what is done with it. */
  #buffer(length: number): Buffer {
    const free = length === RANGE_BYTES ? this.#free.pop() : undefined;
    return free ?? Buffer.allocUnsafeSlow(length);
  }

  /** Take back what {@link read} gave, from who keeps nothing of it. */
  release(bytes: Buffer): void {
    if (bytes.length === RANGE_BYTES && this.#free.length < MOST_FREE) this.#free.push(bytes);
  }
}

function isData(status: number): boolean {
  return status === 206 || status === 200;
}

/** Names and values by turns. */
function headerOf(headers: readonly Buffer[] | null, name: string): string | undefined {
  for (let i = 0; headers !== null && i + 1 < headers.length; i += 2) {
    if (headers[i].toString('latin1').toLowerCase() === name)
      return headers[i + 1].toString('latin1');
  }
  return undefined;
}

const CHANGED = 'it changed since it was listed';
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function failureOf(
  status: number,
  text: string,
  retryAfter: string | undefined,
  path: LogPath,
): Error {
  const code = safeCode(/<Code>([^<]{1,80})<\/Code>/.exec(text)?.[1]) ?? 'no reason given';
  if (status === 404) return new UnreadableFileError('it is gone since it was listed');
  if (status === 412 || status === 416) return new UnreadableFileError(CHANGED);
  const isPassing = status >= 500 || status === 429 || status === 408;
  if (isPassing || code === 'SlowDown' || code === 'RequestTimeout') {
    return new Passing(`${status} (${code})`, true, parseRetryAfter(retryAfter));
  }
  if (concernsAll(code)) {
    return new CredentialsError({ doing: 'read', url: path.slice(0, path.indexOf('/', 5)) }, code);
  }
  return new UnreadableFileError(`the store answered ${status} (${code})`);
}

/** Whether it failed on the way, as undici and the system tell that. */
function isConnectionFailure(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return (
    typeof code === 'string' &&
    /^(?:UND_ERR_|E[A-Z]+$|ERR_|CERT_|DEPTH_|SELF_|UNABLE_|HPE_)/.test(code)
  );
}

/** Seconds or a date (RFC 9110 section 10.2.3). */
function parseRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = /^[A-Za-z]/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** The bytes of a key as S3 signs paths: all but unreserved characters and `/` are written `%XX`. */
function encodeKey(key: LogPath): string {
  return key.replace(
    /[^A-Za-z0-9\-._~/]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

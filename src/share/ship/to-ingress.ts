import { Readable } from 'node:stream';
import { createSecureContext, rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import { S3LogExtractionError } from '../../../cache/error.js';
import {
  parseRetryAfter,
  RequestFailure,
  type RetryPolicy,
  retrying,
} from '../../ip/lookup/retry.js';
import { ShareVariableError } from './environment.js';
import {
  type Shipment,
  type Shipper,
  ShippingError,
  ShippingRefusedError,
  ShippingStopped,
} from './shipper.js';
import type { ShippingCredentials } from './shipping-settings.js';

export const INGRESS_RETRIES: RetryPolicy = {
  attempts: 6,
  baseMs: 1_000,
  capMs: 60_000,
  mostRetryAfterMs: 300_000,
};

export interface IngressOptions {
  readonly url: URL;
  readonly credentials: ShippingCredentials | undefined;
  /** Without a byte taken or answered for so long, a request is given up. */
  readonly silenceMs: number;
  readonly retries?: RetryPolicy;
  /** Told before each further attempt. */
  readonly onRetry?: (name: string, reason: string) => void;
}

/** An authority or a client certificate cannot be used; what is in it is not told. */
export class CertificateError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_CLIENT_CERTIFICATE',
      'The client certificate, its key or the authority cannot be used for TLS.',
      {
        hint: 'Check SHARE_CLIENT_CERT, SHARE_CLIENT_KEY, SHARE_CLIENT_KEY_PASSWORD and SHARE_CA.',
      },
      2,
    );
  }
}

/** Credentials would travel in the clear. */
export class ClearTextError extends S3LogExtractionError {
  constructor() {
    super(
      'CREDENTIALS_IN_CLEAR',
      'Credentials are not sent over http://, where everybody on the way can read them.',
      {
        hint: 'Use an https:// address; http:// is for servers on this machine, or without credentials.',
      },
      2,
    );
  }
}

/** As a stream of bytes, not of objects: then few wait to be sent. */
const BYTES = { objectMode: false, highWaterMark: 1 << 16 } as const;

const MOST_ANSWER_BYTES = 16 << 10;

/** Posts packages to an HTTP server. Redirects are not followed: credentials are for one server. */
export class IngressShipper implements Shipper {
  readonly #agent: Agent;
  readonly #authorization: string | undefined;

  /** @throws {ClearTextError} @throws {CertificateError} */
  constructor(private readonly options: IngressOptions) {
    const { url, credentials, silenceMs } = options;
    this.#authorization = authorizationOf(credentials);
    if (url.protocol === 'http:' && this.#authorization !== undefined && !isLoopback(url)) {
      throw new ClearTextError();
    }
    const { certificate, authority } = credentials ?? {};
    requireUsable(credentials);
    this.#agent = new Agent({
      connections: 1,
      pipelining: 0,
      // Theirs would end an upload that goes slowly: silence is watched over here.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: Math.min(silenceMs, 30_000),
        ...certificate,
        ...(authority === undefined ? {} : { ca: [...rootCertificates, authority] as string[] }),
      },
    });
  }

  async ship(shipment: Shipment, signal: AbortSignal): Promise<'shipped'> {
    const { url, retries = INGRESS_RETRIES, onRetry } = this.options;
    const where = url.origin;
    let attempts = 0;
    let reason = '';
    try {
      await retrying(
        async () => {
          if (attempts++ > 0) onRetry?.(shipment.name, reason);
          try {
            await this.#post(shipment, signal);
          } catch (error) {
            if (error instanceof RequestFailure) reason = error.reason;
            throw error;
          }
        },
        retries,
        signal,
      );
      return 'shipped';
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      if (error.kind === 'stopped') throw new ShippingStopped();
      if (error.kind === 'key') {
        const hint = 'Check SHARE_TOKEN, SHARE_USER and SHARE_PASSWORD, or the client certificate.';
        throw new ShippingRefusedError(shipment.name, where, error.reason, hint);
      }
      if (error.kind === 'refused') {
        const hint = isTls(error.reason)
          ? 'SHARE_CA names a file with the certificate of an authority of your own.'
          : 'Check the address, SHARE_CONTENT_TYPE, --max-size and --max-packed-size.';
        throw new ShippingRefusedError(shipment.name, where, error.reason, hint);
      }
      const tries = attempts === 1 ? '' : ` (${attempts} attempts)`;
      throw new ShippingError(shipment.name, where, `${error.reason}${tries}`, error);
    }
  }

  close(): void {
    this.#agent.destroy().catch(() => undefined);
  }

  async #post(shipment: Shipment, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new RequestFailure('stopped', 'stopped');
    const silence = new Silence(this.options.silenceMs);
    try {
      const answer = await request(this.options.url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: this.#headers(shipment),
        body: Readable.from(watched(shipment.open() as AsyncIterable<Buffer>, silence), BYTES),
        signal: AbortSignal.any([signal, silence.signal]),
      });
      await drain(answer);
      const failure = failureOf(answer.statusCode, headerOf(answer, 'retry-after'));
      if (failure !== undefined) throw failure;
    } catch (error) {
      if (error instanceof RequestFailure || error instanceof S3LogExtractionError) throw error;
      if (signal.aborted) throw new RequestFailure('stopped', 'stopped');
      if (silence.signal.aborted) throw new RequestFailure('passing', 'it did not answer in time');
      const code = codeOf(error);
      // Whose server it is does not change from one moment to the next.
      throw new RequestFailure(isTls(code) ? 'refused' : 'passing', `no answer (${code})`);
    } finally {
      silence.end();
    }
  }

  #headers(shipment: Shipment): Record<string, string> {
    const { name, sizeBytes, sha256, contentType, headers, group } = shipment;
    return {
      'user-agent': 's3logextraction',
      'content-type': contentType,
      'content-length': String(sizeBytes),
      'content-disposition': `attachment; filename="${name}"`,
      'content-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'idempotency-key': idempotencyKey(name),
      'x-shipping-group': group,
      ...headers,
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
    };
  }
}

/** The hash of the content, from the name: whoever sends it again sends it under the same key. */
export function idempotencyKey(name: string): string {
  return /-([0-9a-f]{32})\.tar\.gz$/.exec(name)?.[1] ?? name;
}

/** Aborts when nothing has happened for a while, be it that bytes are not taken or that no answer comes. */
class Silence {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  /** Also once it is over, the body may be asked for more. */
  #isOver = false;

  constructor(private readonly limitMs: number) {
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @param moreMs that may pass besides */
  broken(moreMs = 0): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = this.#start(moreMs);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #start(moreMs = 0): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), this.limitMs + moreMs);
  }
}

/** What the system holds of bytes that were handed to it, at most, and how fast a slow line takes them. */
const MOST_BUFFERED_BYTES = 8 << 20;
const SLOW_BYTES_PER_MS = 100;

async function* watched(
  pieces: AsyncIterable<Buffer>,
  silence: Silence,
): AsyncGenerator<Buffer, void> {
  let bytes = 0;
  for await (const piece of pieces) {
    silence.broken();
    bytes += piece.length;
    yield piece;
  }
  // The last of them are still on their way.
  silence.broken(Math.min(bytes, MOST_BUFFERED_BYTES) / SLOW_BYTES_PER_MS);
}

/** What else a server says is of no interest, but the connection serves the next package. */
async function drain({ body }: Dispatcher.ResponseData): Promise<void> {
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_ANSWER_BYTES) {
      body.destroy();
      return;
    }
  }
}

function failureOf(status: number, retryAfter: string | null): RequestFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const reason = `it answered with status ${status}`;
  if (status === 401 || status === 403) return new RequestFailure('key', reason);
  const isPassing = status >= 500 || [408, 409, 425, 429].includes(status);
  if (isPassing) return new RequestFailure('passing', reason, parseRetryAfter(retryAfter));
  return new RequestFailure('refused', reason);
}

function headerOf({ headers }: Dispatcher.ResponseData, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}

/** A code of the system's, of TLS or of undici, never a text. */
function codeOf(error: unknown): string {
  const { code, cause } = Object(error) as { readonly code?: unknown; readonly cause?: unknown };
  const told = typeof code === 'string' ? code : Object(cause).code;
  return typeof told === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(told)
    ? told
    : 'the connection failed';
}

function isTls(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code);
}

function authorizationOf(credentials: ShippingCredentials | undefined): string | undefined {
  const { bearer, basic } = credentials ?? {};
  if (bearer !== undefined) {
    if (/^[\x21-\x7e]+$/.test(bearer)) return `Bearer ${bearer}`;
    throw new ShareVariableError('The token', 'must be printable ASCII without spaces');
  }
  if (basic === undefined) return undefined;
  return `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`;
}

function isLoopback({ hostname }: URL): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Found out before anything is sent: TLS tells it in words that may quote a file. */
function requireUsable(credentials: ShippingCredentials | undefined): void {
  const { certificate, authority } = credentials ?? {};
  try {
    createSecureContext({ ...certificate, ...(authority === undefined ? {} : { ca: authority }) });
  } catch {
    throw new CertificateError();
  }
}

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** An object of the store. */
export interface StoredObject {
  body: Buffer;
  modifiedMs: number;
  contentType?: string | undefined;
  /** Metadata of the user's: `x-amz-meta-sha256` and the like. */
  metadata?: Readonly<Record<string, string>>;
}

/** What the store does with a request in place of answering it; true: it has seen to it. */
export type Fault = (
  request: {
    readonly method: string;
    readonly key: string;
    readonly range: string | undefined;
    readonly authorization: string;
  },
  response: ServerResponse,
) => boolean;

export interface S3Server {
  readonly url: string;
  /** Bucket `logs`: key -> object. */
  readonly objects: Map<string, StoredObject>;
  /** Method, and path with its query. */
  readonly requests: string[];
  fault: Fault | undefined;
  /** Whether `If-Match` of a deletion is heeded. */
  heedsDeleteConditions: boolean;
  put(key: string, body: string | Buffer, modifiedMs?: number): void;
}

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/**
 * A store with one bucket, `logs`, that answers as S3 does as far as listing, reading, writing and deleting go, and fails on request. It
 * does not check signatures: a suite against radosgw does. Closed after the test.
 */
export async function s3Server(): Promise<S3Server> {
  const state: S3Server = {
    url: '',
    objects: new Map(),
    requests: [],
    fault: undefined,
    heedsDeleteConditions: true,
    put(key, body, modifiedMs = Date.parse('2025-03-01T00:00:00Z')) {
      state.objects.set(key, { body: Buffer.from(body), modifiedMs });
    },
  };
  const server = createServer((message, response) => answer(state, message, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(state, { url });
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return state;
}

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/** An error as S3 tells it. */
export function sendError(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`,
    );
}

function answer(state: S3Server, message: IncomingMessage, response: ServerResponse): void {
  const url = new URL(message.url ?? '/', state.url);
  const method = message.method ?? '';
  const [, bucket, ...rest] = url.pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  state.requests.push(`${method} ${message.url}`);
  const { range, authorization = '' } = message.headers;
  if (state.fault?.({ method, key, range, authorization }, response)) return;
  if (!/^AWS4-HMAC-SHA256 Credential=/.test(authorization)) {
    sendError(response, 403, 'AccessDenied');
  } else if (bucket !== 'logs') {
    sendError(response, 404, 'NoSuchBucket');
  } else if (key === '') {
    list(state, url, response);
  } else if (method === 'PUT') {
    void store(state, key, message, response);
  } else {
    const object = state.objects.get(key);
    if (object === undefined) sendError(response, 404, 'NoSuchKey');
    else answerObject(state, key, object, message, response);
  }
}

function answerObject(
  state: S3Server,
  key: string,
  { body, modifiedMs, metadata = {} }: StoredObject,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const etag = etagOf(body);
  const condition = headers['if-match'];
  if (method === 'DELETE') {
    if (condition !== undefined && condition !== etag && state.heedsDeleteConditions) {
      sendError(response, 412, 'PreconditionFailed');
      return;
    }
    state.objects.delete(key);
    response.writeHead(204).end();
    return;
  }
  if (condition !== undefined && condition !== etag) {
    sendError(response, 412, 'PreconditionFailed');
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  const part = from === undefined ? body : body.subarray(Number(from), Number(to) + 1);
  response.writeHead(from === undefined ? 200 : 206, {
    etag,
    'last-modified': new Date(modifiedMs).toUTCString(),
    'content-length': part.length,
    ...metadata,
  });
  response.end(method === 'HEAD' ? undefined : part);
}

/** Takes an object whose bytes have the hash that was signed. */
async function store(
  state: S3Server,
  key: string,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const { headers } = message;
  const hash = createHash('sha256').update(body).digest('hex');
  if (hash !== headers['x-amz-content-sha256']) {
    sendError(response, 400, 'XAmzContentSHA256Mismatch');
    return;
  }
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  state.objects.set(key, {
    body,
    modifiedMs: Date.now(),
    contentType: headers['content-type'],
    metadata: Object.fromEntries(metadata) as Record<string, string>,
  });
  response.writeHead(200, { etag: etagOf(body) }).end();
}

function list(state: S3Server, url: URL, response: ServerResponse): void {
  const prefix = url.searchParams.get('prefix') ?? '';
  const from = Number(url.searchParams.get('continuation-token') ?? 0);
  const keys = [...state.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  // What is deleted meanwhile does not move what is listed next: the token is a key, as S3 has it.
  const start = from === 0 ? 0 : keys.findIndex((key) => key > (tokens[from] as string));
  const page = start < 0 ? [] : keys.slice(start, start + 1000);
  const isLast = start < 0 || start + 1000 >= keys.length;
  const next = isLast
    ? ''
    : `<NextContinuationToken>${tokens.push(page.at(-1) as string) - 1}</NextContinuationToken>`;
  const contents = page.map((key) => {
    const { body, modifiedMs } = state.objects.get(key) as StoredObject;
    const etag = etagOf(body).replaceAll('"', '&quot;');
    return `<Contents><Key>${encodeURIComponent(key).replaceAll('%2F', '/')}</Key><LastModified>${new Date(modifiedMs).toISOString()}</LastModified><ETag>${etag}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(
      `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult ${NAMESPACE}><Name>logs</Name><Prefix>${encodeURIComponent(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${!isLast}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    );
}

/** The last key of a page, by token; 0 is none. */
const tokens: string[] = [''];

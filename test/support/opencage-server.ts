import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** A request as the server got it. */
export interface OpenCageRequest {
  readonly path: string;
  readonly q: string;
  readonly countrycode: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** `performance.now()` of its arrival. */
  readonly at: number;
}

export interface OpenCageReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is when it is text or bytes. */
  readonly body?: unknown;
  /** Never answer. */
  readonly hang?: boolean;
}

/** What the server says to request number `n`, counted from 1. */
export type OpenCageScript = (request: OpenCageRequest, n: number) => OpenCageReply;

export interface OpenCageServer {
  /** Base address, without a path. */
  readonly url: string;
  readonly requests: OpenCageRequest[];
}

/** An HTTP server that speaks as OpenCage's geocoding API does. Closed after the test. */
export async function openCageServer(script: OpenCageScript): Promise<OpenCageServer> {
  const requests: OpenCageRequest[] = [];
  const server = createServer((message: IncomingMessage, response: ServerResponse) => {
    const url = new URL(message.url ?? '/', 'http://localhost');
    const parameters = Object.fromEntries(url.searchParams);
    const request = {
      path: url.pathname,
      q: parameters.q ?? '',
      countrycode: parameters.countrycode ?? '',
      parameters,
      at: performance.now(),
    };
    requests.push(request);
    const {
      status = 200,
      headers = {},
      body = '',
      hang = false,
    } = script(request, requests.length);
    if (hang) return;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    const isReady = typeof body === 'string' || Buffer.isBuffer(body);
    response.end(isReady ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** 200 with one result. */
export function found(
  lat: unknown,
  lng: unknown,
  components: Readonly<Record<string, unknown>> = {},
): OpenCageReply {
  const result = {
    bounds: { northeast: { lat: 1, lng: 1 }, southwest: { lat: 0, lng: 0 } },
    components: { _category: 'place', _type: 'state', ...components },
    confidence: 1,
    formatted: 'somewhere',
    geometry: { lat, lng },
  };
  return { body: envelope(200, 'OK', [result]) };
}

/** 200 without a result. */
export const nothingFound: OpenCageReply = { body: envelope(200, 'OK', []) };

/** A refusal as the service words it. */
export function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): OpenCageReply {
  return { status, headers, body: envelope(status, message, []) };
}

export const quotaUsedUp: OpenCageReply = refused(402, 'quota exceeded', {
  'x-ratelimit-limit': '2500',
  'x-ratelimit-remaining': '0',
});

function envelope(code: number, message: string, results: unknown[]) {
  return {
    documentation: 'https://opencagedata.com/api',
    licenses: [{ name: 'see attribution guide', url: 'https://opencagedata.com/credits' }],
    rate: { limit: 2500, remaining: code === 402 ? 0 : 2400, reset: 1_800_000_000 },
    results,
    status: { code, message },
    stay_informed: { blog: 'https://blog.opencagedata.com' },
    thanks: 'For using an OpenCage API',
    timestamp: { created_http: 'Mon, 23 Nov 2026 06:00:00 GMT', created_unix: 1_795_413_600 },
    total_results: results.length,
  };
}

import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach } from 'vitest';

/** A package that a server was sent. */
export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined: it did not come to its end. */
  readonly body: Buffer | undefined;
}

/** What becomes of a request: a status (with headers), no answer, a connection that is cut once all has come, 202 to what is read slowly, or 202 with a text that has no end. */
export type Answer =
  | number
  | { readonly status: number; readonly headers: Record<string, string> }
  | 'hang'
  | 'hang unread'
  | 'cut'
  | 'slowly'
  | 'endless';

export interface Ingress {
  readonly url: string;
  /** All requests, whatever was answered. */
  readonly requests: Received[];
  /** What was accepted (2xx), by idempotency key; what came again has to be the same. */
  readonly accepted: Map<string, Received>;
  /** For the next requests; after these all are accepted. */
  answers: Answer[];
  /** How many were accepted, again or not. */
  acceptances: number;
}

/** An HTTP server that takes packages as one behind an API would; with `tls`, over that. Closed after the test. */
export async function ingress(answers: Answer[] = [], tls?: ServerOptions): Promise<Ingress> {
  const take: RequestListener = async (request, response) => {
    const { url: path = '', method = '', headers } = request;
    const answer = state.answers.shift() ?? 202;
    const record = (body: Buffer | undefined): Received => {
      const received = { path, method, headers, body };
      state.requests.push(received);
      return received;
    };
    if (answer === 'hang unread') {
      record(undefined);
      return;
    }
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) {
        pieces.push(piece as Buffer);
        if (answer === 'slowly') await wait(25);
      }
    } catch {
      record(undefined);
      return;
    }
    const received = record(Buffer.concat(pieces));
    if (answer === 'hang') return;
    const status = typeof answer === 'object' ? answer.status : answer === 'slowly' ? 202 : answer;
    if (typeof status === 'number' && status >= 200 && status < 300) accept(received);
    if (answer === 'endless') {
      accept(received);
      response.writeHead(202);
      const timer = setInterval(() => response.write('x'.repeat(1 << 16)), 5);
      response.on('close', () => clearInterval(timer));
      return;
    }
    if (answer === 'cut') {
      // Taken, and the answer is lost.
      accept(received);
      request.socket.destroy();
      return;
    }
    // Whoever repeats what a server says would repeat these.
    response.writeHead(status as number, typeof answer === 'object' ? answer.headers : {});
    response.end(JSON.stringify({ path, headers }));
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  const accept = (received: Received): void => {
    state.acceptances++;
    const key = String(received.headers['idempotency-key']);
    const before = state.accepted.get(key);
    if (before !== undefined && !before.body?.equals(received.body ?? Buffer.alloc(0))) {
      throw new Error(`Something else came under the key ${key}.`);
    }
    state.accepted.set(key, received);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const state: Ingress = {
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}/api/ingress`,
    requests: [],
    accepted: new Map(),
    answers,
    acceptances: 0,
  };
  return state;
}

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

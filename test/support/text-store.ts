import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** What a store was asked. */
export interface StoreRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TextStore {
  readonly url: string;
  readonly requests: StoreRequest[];
  /** What it answers: a status, nothing at all, or without an end. */
  answer: number | 'nothing' | 'without end';
  /** With a status of 3xx. */
  location: string | undefined;
}

/** An HTTP server that takes texts. Closed after the test. */
export async function textStore(answer: TextStore['answer'] = 201): Promise<TextStore> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const { method = '', url: path = '', headers } = request;
    store.requests.push({ method, path, headers, body });
    if (store.answer === 'nothing') return;
    if (store.location !== undefined) response.setHeader('location', store.location);
    response.writeHead(typeof store.answer === 'number' ? store.answer : 200);
    if (typeof store.answer === 'number') {
      // Whoever repeats what a store says would repeat these.
      response.end(JSON.stringify({ path, headers, body }));
      return;
    }
    const timer = setInterval(() => response.write('x'.repeat(1 << 16)), 5);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const store: TextStore = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    answer,
    location: undefined,
  };
  return store;
}

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

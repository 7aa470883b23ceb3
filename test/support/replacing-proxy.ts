import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

export interface ReplacingProxy {
  readonly url: string;
  /** The last answer to each path and query, as the server behind it gave it. */
  readonly answers: ReadonlyMap<string, Buffer>;
  /** What is answered to one path and query from now on, in place of what the server says. */
  replaced: { readonly path: string; readonly body: Buffer } | undefined;
}

/** An HTTP server in front of another, which it asks, and of whose answers one is replaced. Closed after the test. */
export async function replacingProxy(upstream: string): Promise<ReplacingProxy> {
  const answers = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    response.setHeader('content-type', 'application/json');
    if (proxy.replaced?.path === path) {
      response.end(proxy.replaced.body);
      return;
    }
    const { authorization = '' } = request.headers;
    const answer = await fetch(upstream + path, {
      method: request.method ?? 'GET',
      headers: { authorization },
      ...(pieces.length > 0 ? { body: Buffer.concat(pieces) } : {}),
    });
    const text = (await answer.text()).replaceAll(upstream, proxy.url);
    answers.set(path, Buffer.from(text));
    response.writeHead(answer.status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const proxy: ReplacingProxy = { url: `http://127.0.0.1:${port}`, answers, replaced: undefined };
  return proxy;
}

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

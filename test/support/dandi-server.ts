import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'vitest';

/** An asset as the archive's API tells of it. */
export interface DandiAsset {
  readonly path: string;
  readonly blob?: string;
  readonly zarr?: string;
}

/** Dandiset -> version -> when it changed and what it holds. */
export type DandiContent = Record<
  string,
  Record<string, { modified: string; assets: DandiAsset[] }>
>;

export interface DandiServer {
  readonly url: string;
  readonly requests: string[];
  content: DandiContent;
  /** Served as `/mapping.json.gz`. */
  mapping: unknown;
  /** Status of every answer, but for this many. */
  failures: { status: number; after: number } | undefined;
}

const PAGE = 2;

/** An HTTP server with the listings of a DANDI archive's API, in pages, and a published mapping. Closed after the test. */
export async function dandiServer(content: DandiContent = {}): Promise<DandiServer> {
  const server = createServer((message, response) => {
    const url = new URL(message.url ?? '/', state.url);
    state.requests.push(url.pathname + url.search);
    if (state.failures !== undefined && state.failures.after-- <= 0) {
      response.writeHead(state.failures.status, { 'retry-after': '0' }).end('busy');
      return;
    }
    if (url.pathname === '/mapping.json.gz') {
      response.end(gzipSync(JSON.stringify(state.mapping)));
      return;
    }
    const results = listing(url.pathname, state.content);
    if (results === undefined) {
      response.writeHead(404).end('{"detail":"Not found."}');
      return;
    }
    const page = Number(url.searchParams.get('page') ?? '1');
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    const previous = new URL(url);
    previous.searchParams.set('page', String(page - 1));
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        count: results.length,
        next: page * PAGE < results.length ? next.href : null,
        previous: page > 1 ? previous.href : null,
        results: results.slice((page - 1) * PAGE, page * PAGE),
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const state: DandiServer = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    content,
    mapping: {},
    failures: undefined,
  };
  return state;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function listing(path: string, content: DandiContent): object[] | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const [api, dandisets, id, versions, version, assets] = parts;
  if (api !== 'api' || dandisets !== 'dandisets') return undefined;
  if (id === undefined) {
    return Object.keys(content).map((identifier) => ({ identifier, embargo_status: 'OPEN' }));
  }
  const own = content[id];
  if (own === undefined || versions !== 'versions') return undefined;
  if (version === undefined) {
    return Object.entries(own).map(([name, { modified, assets: all }]) => ({
      version: name,
      modified,
      asset_count: all.length,
    }));
  }
  if (assets !== 'assets') return undefined;
  return own[version]?.assets.map((asset, i) => ({
    asset_id: `asset-${i}`,
    size: 10,
    blob: null,
    zarr: null,
    ...asset,
  }));
}

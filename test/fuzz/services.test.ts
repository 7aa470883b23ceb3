import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KnownLinks } from '../../cache/datasets/known-links.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { cachePaths } from '../../cache/paths.js';
import { linksOf } from '../../src/datasets/ask-links.js';
import { DandiApi } from '../../src/datasets/dandi-api.js';
import { createOpenCage } from '../../src/ip/coordinates/opencage.js';
import { openCageEndpoint } from '../../src/ip/coordinates/opencage-url.js';
import { pointOf } from '../../src/ip/coordinates/point.js';
import { holdsAddress } from '../../src/ip/holds-address.js';
import { createIpinfoLookup } from '../../src/ip/lookup/ipinfo-lookup.js';
import { buildRangeTable } from '../../src/ip/ranges/range-table.js';
import { parsePublished, SERVICE_LISTS } from '../../src/ip/ranges/service-lists.js';
import { bytesOf, publishedLists } from '../ip/ranges/published-lists.js';
import { dandiServer } from '../support/dandi-server.js';
import { IpinfoServer, place } from '../support/ipinfo-server.js';
import { found, openCageServer } from '../support/opencage-server.js';
import { rawIp } from '../support/raw-ip.js';
import { replacingProxy } from '../support/replacing-proxy.js';
import { scratchDirectory } from '../support/scratch.js';
import { put } from './fixture.js';
import { fuzz } from './trials.js';

const ONCE = { attempts: 1, baseMs: 0, capMs: 0, mostRetryAfterMs: 0 };

/** What tables, logs and terminals must not meet. */
function requirePublishable(code: string): void {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(code) || holdsAddress(code)) throw new Error('no region');
}

describe('whatever a service answers is understood or refused', () => {
  it('by ipinfo', async () => {
    const server = await new IpinfoServer((address) => place(address, 'US', 'Ohio')).start();
    try {
      const proxy = await replacingProxy(server.url);
      const lookup = createIpinfoLookup({
        token: IpinfoServer.token,
        url: proxy.url,
        retry: ONCE,
      });
      const addresses = ['198.51.100.1', '2001:db8::7'].map(rawIp);
      expect((await lookup.lookUp(addresses)).results).toEqual(['US/Ohio', 'US/Ohio']);
      await lookup.lookUp(addresses.slice(0, 1));
      for (const [path, body] of [...proxy.answers]) {
        await fuzz(`ipinfo ${path}`, {
          samples: [body],
          async read(bytes) {
            proxy.replaced = { path, body: bytes };
            const asked = path === '/batch' ? addresses : addresses.slice(0, 1);
            const { results, failure } = await lookup.lookUp(asked);
            expect(results).toHaveLength(asked.length);
            for (const region of results) if (region !== undefined) requirePublishable(region);
            expect(failure === undefined || failure instanceof S3LogExtractionError).toBe(true);
          },
        });
      }
    } finally {
      await server.stop();
    }
  });

  it('by OpenCage', async () => {
    const server = await openCageServer(() => found(40.4, -82.9, { country_code: 'us' }));
    const proxy = await replacingProxy(server.url);
    const service = createOpenCage({
      key: 'a key',
      url: openCageEndpoint(proxy.url),
      requestsPerSecond: 1000,
      backoffMs: 0,
    });
    const ohio = { country: 'US', region: 'Ohio' };
    expect(await service.locate(ohio, () => false)).toEqual({
      kind: 'found',
      point: [40.4, -82.9],
    });
    const [[path, body] = ['', Buffer.alloc(0)]] = proxy.answers;
    await fuzz('OpenCage', {
      samples: [body],
      async read(bytes) {
        proxy.replaced = { path, body: bytes };
        const result = await service.locate(ohio, () => false);
        expect(['found', 'none', 'unanswered', 'quota']).toContain(result.kind);
        if (result.kind === 'found') expect(pointOf(...result.point)).toEqual(result.point);
      },
    });
  });

  it('by the API of a DANDI archive, and what is kept of it', async () => {
    const assets = ['a', 'b', 'c'].map((path) => ({ path: `${path}.nwb`, blob: `blob-${path}` }));
    const server = await dandiServer({
      '000001': { draft: { modified: '2026-01-01', assets }, '0.1': { modified: '', assets } },
      '000002': { draft: { modified: '2026-01-02', assets: [] } },
    });
    const proxy = await replacingProxy(server.url);
    const api = new DandiApi(`${proxy.url}/api`, { retry: ONCE });
    const readAll = async () => {
      let links = 0;
      for (const version of await api.versions()) {
        for await (const [content, path] of api.assets(version)) {
          expect([content, path].every((text) => typeof text === 'string' && text !== '')).toBe(
            true,
          );
          links++;
        }
      }
      return links;
    };
    expect(await readAll()).toBe(6);
    for (const [path, body] of [...proxy.answers].slice(0, 6)) {
      const read = async (bytes: Buffer) => {
        proxy.replaced = { path, body: bytes };
        await readAll();
      };
      await fuzz(`DANDI ${new URL(path, proxy.url).pathname}`, { samples: [body], read });
    }
    // A page that is followed by itself.
    const [[path] = ['']] = proxy.answers;
    const endless = JSON.stringify({ results: [], next: `${proxy.url}${path}` });
    proxy.replaced = { path, body: Buffer.from(endless) };
    await expect(readAll()).rejects.toThrow(/do not end/);

    const paths = cachePaths(join(scratchDirectory(), 'cache'));
    const known = new KnownLinks(paths, `${proxy.url}/api`);
    const version = {
      ...{ dataset: '000001', version: 'draft', modified: '2026-01-01', fetchedAt: '2026-01-02' },
      links: [['blob-a', 'a.nwb']] as const,
      former: [['blob-b', 'b.nwb', '2025-01-01']] as const,
    };
    known.write(version);
    const [file] = readdirSync(join(paths.root, 'datasets'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(paths.root, 'datasets', name));
    await fuzz('known links', {
      samples: [Buffer.from(`${JSON.stringify(version)}\n`)],
      read(bytes) {
        put(file as string, bytes);
        const again = known.read('000001', 'draft');
        if (again === undefined) return;
        for (const [content, datasets] of linksOf([again])) {
          expect([typeof content, datasets.size]).toEqual(['string', 1]);
        }
      },
    });
  });

  it.each(SERVICE_LISTS.map((list) => [list.name, list] as const))(
    'by the list of %s',
    async (_name, list) => {
      const text = publishedLists()[list.file];
      if (text === undefined) throw new Error(`no list ${list.file}`);
      await fuzz(`list ${list.name}`, {
        samples: [Buffer.from(text)],
        read(bytes) {
          const ranges = parsePublished(list, bytes.toString('utf8'));
          for (const { code } of ranges) requirePublishable(code);
          const region = buildRangeTable([ranges]).find(bytesOf('13.0.0.1'));
          expect(['string', 'undefined']).toContain(typeof region);
        },
      });
    },
  );

  it('with an address in place of a name, which is then no name', async () => {
    const server = await new IpinfoServer((address) => place(address, 'US', address)).start();
    try {
      const options = { token: IpinfoServer.token, url: server.url, retry: ONCE };
      const addresses = ['198.51.100.1', '2001:db8::7'].map(rawIp);
      const { results } = await createIpinfoLookup(options).lookUp(addresses);
      expect(results).toEqual(['US', 'US']);
    } finally {
      await server.stop();
    }
    const entry = { ip_prefix: '13.0.0.0/8', region: '198.51.100.1', service: 'EC2' };
    const [aws] = SERVICE_LISTS.filter(({ name }) => name === 'AWS');
    const text = JSON.stringify({ prefixes: [entry], ipv6_prefixes: [] });
    expect(() => aws?.parse(text)).toThrow(/no region/);
  });
});

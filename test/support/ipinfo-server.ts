import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What the service says of an address, as it does for `/<address>/json`. */
export type Place = Readonly<Record<string, unknown>>;

/** How one request goes wrong. */
export type Trouble =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }
  | 'hang'
  | 'half an answer'
  | 'invalid JSON'
  | 'empty'
  | 'cut'
  /** The quota ends in the middle of a batch: the last entries are errors. */
  | { readonly quotaAfter: number }
  /** Entries that the answer leaves out. */
  | { readonly without: readonly string[] };

/** Shapes as the service has them. */
export const WRONG_TOKEN = JSON.stringify({
  status: 403,
  error: {
    title: 'Unknown token',
    message: "Provided token isn't valid. Please check your token or contact support.",
  },
});
export const RATE_LIMIT = {
  status: 429,
  error: {
    title: 'Rate limit exceeded',
    message: "You've hit the monthly limit for the free plan. Visit https://ipinfo.io/account.",
  },
};

/** A service that speaks as ipinfo does, on a port of its own. */
export class IpinfoServer {
  static readonly token = 'tok3nOfTests';

  /** Each address that was answered for, as it was asked for. */
  readonly answered: string[] = [];
  /** Addresses of each request, answered or not. */
  readonly requests: string[][] = [];
  /** When each request came, in milliseconds. */
  readonly times: number[] = [];
  /** How the next requests go wrong, in order; undefined: that one goes well. */
  readonly troubles: (Trouble | undefined)[] = [];
  /** When set, from the request of this number (from 0) on all go wrong. */
  always: { readonly from: number; readonly trouble: Trouble } | undefined;
  delayMs = 0;
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  /** @param places what the service says; undefined: it has nothing */
  constructor(readonly places: (address: string) => Place | undefined) {}

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get env(): NodeJS.ProcessEnv {
    return { IPINFO_API_URL: this.url, IPINFO_API_KEY: IpinfoServer.token };
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += piece;
    const isBatch = request.url === '/batch' && request.method === 'POST';
    const single = /^\/([^/]+)\/json$/.exec(request.url ?? '')?.[1];
    const addresses = isBatch ? (JSON.parse(body) as string[]) : [decodeURIComponent(single ?? '')];
    const number = this.requests.push(addresses) - 1;
    this.times.push(performance.now());
    if (this.delayMs > 0) await wait(this.delayMs);
    const trouble =
      this.always !== undefined && number >= this.always.from
        ? this.always.trouble
        : this.troubles.shift();
    if (request.headers.authorization !== `Bearer ${IpinfoServer.token}`) {
      response.writeHead(403, JSON_TYPE).end(WRONG_TOKEN);
      return;
    }
    if (!isBatch && single === undefined) {
      response.writeHead(404, JSON_TYPE).end('{"status":404,"error":{"title":"Wrong path"}}');
      return;
    }
    this.#answer(addresses, isBatch, trouble, response);
  }

  #answer(
    addresses: readonly string[],
    isBatch: boolean,
    trouble: Trouble | undefined,
    response: ServerResponse,
  ): void {
    if (trouble === 'hang') return;
    if (trouble === 'cut') {
      response.destroy();
      return;
    }
    if (typeof trouble === 'object' && 'status' in trouble) {
      const text = trouble.text ?? JSON.stringify(RATE_LIMIT);
      response.writeHead(trouble.status, { ...JSON_TYPE, ...trouble.headers }).end(text);
      return;
    }
    response.writeHead(200, JSON_TYPE);
    if (trouble === 'invalid JSON') response.end('<html>maintenance</html>');
    else if (trouble === 'half an answer') response.write('{"');
    else if (trouble === 'empty') response.end('{}');
    else response.end(JSON.stringify(this.#say(addresses, isBatch, trouble)));
  }

  #say(addresses: readonly string[], isBatch: boolean, trouble: Trouble | undefined): unknown {
    const entries = addresses.flatMap((address, i): [string, unknown][] => {
      if (
        typeof trouble === 'object' &&
        'without' in trouble &&
        trouble.without.includes(address)
      ) {
        return [];
      }
      if (typeof trouble === 'object' && 'quotaAfter' in trouble && i >= trouble.quotaAfter) {
        return [[address, RATE_LIMIT]];
      }
      this.answered.push(address);
      return [[address, this.places(address) ?? { ip: address }]];
    });
    return isBatch ? Object.fromEntries(entries) : entries[0]?.[1];
  }
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** A place as the service describes it, with all that we do not need. */
export function place(address: string, country: string, region?: string): Place {
  return {
    ip: address,
    hostname: 'host.example.net',
    city: 'Somewhere',
    ...(region === undefined ? {} : { region }),
    country,
    loc: '37.4056,-122.0775',
    org: 'AS64500 Example',
    postal: '94043',
    timezone: 'America/Los_Angeles',
  };
}

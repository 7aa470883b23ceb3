import pLimit from 'p-limit';
import {
  DEFAULT_RETRY_POLICY,
  RequestFailure,
  type RetryPolicy,
  retrying,
} from '../ip/lookup/retry.js';
import { fetchBytes } from './fetch-bytes.js';
import { MappingError } from './mapping.js';
import { shownSource } from './source-url.js';

/** A version of a dandiset, as the API tells of it. */
export interface DandisetVersion {
  readonly dandiset: string;
  readonly version: string;
  /** When it was changed last; a published version never is. */
  readonly modified: string;
}

/** An asset's content, and its path in its dandiset. */
export type AssetLink = readonly [content: string, path: string];

export interface DandiApiOptions {
  readonly fetch?: typeof fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: RetryPolicy | undefined;
}

const TIMEOUT_MS = 60_000;
const LIMIT_BYTES = 1 << 26;
const PAGE_SIZE = 1000;
const AT_ONCE = 8;
/** Pages of one listing: more would be a server that never ends. */
const MOST_PAGES = 100_000;

/**
 * Asks a DANDI archive what its dandisets hold. Source: the archive's REST API
 * (https://api.dandiarchive.org/swagger/), of which every listing has pages of `results` and a link `next`.
 */
export class DandiApi {
  readonly #base: URL;
  readonly #options: DandiApiOptions;
  readonly #limit = pLimit(AT_ONCE);

  /** @param url for example `https://api.dandiarchive.org/api` @throws {MappingError} */
  constructor(url: string, options: DandiApiOptions = {}) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new MappingError(shownSource(url), 'it is not a URL of http or https');
    }
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#options = options;
  }

  /** Every version of every dandiset. @throws {MappingError} */
  async versions(): Promise<DandisetVersion[]> {
    const identifiers: string[] = [];
    for await (const dandiset of this.#pages('dandisets/', { page_size: '100' })) {
      identifiers.push(this.#name(dandiset, 'identifier'));
    }
    const found = await Promise.all(identifiers.map((identifier) => this.#versionsOf(identifier)));
    return found.flat();
  }

  /** The assets of a version: blobs and Zarr stores. @throws {MappingError} */
  async *assets({ dandiset, version }: DandisetVersion): AsyncGenerator<AssetLink> {
    const path = `dandisets/${dandiset}/versions/${version}/assets/`;
    for await (const asset of this.#pages(path, { page_size: String(PAGE_SIZE) })) {
      const content = asset.blob ?? asset.zarr;
      if (typeof content !== 'string' || typeof asset.path !== 'string') continue;
      if (content !== '' && asset.path !== '') yield [content, asset.path];
    }
  }

  async #versionsOf(dandiset: string): Promise<DandisetVersion[]> {
    const versions: DandisetVersion[] = [];
    for await (const entry of this.#pages(`dandisets/${dandiset}/versions/`, {})) {
      const modified = typeof entry.modified === 'string' ? entry.modified : '';
      versions.push({ dandiset, version: this.#name(entry, 'version'), modified });
    }
    return versions;
  }

  async *#pages(
    path: string,
    query: Record<string, string>,
  ): AsyncGenerator<Record<string, unknown>> {
    let url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const asked = new Set<string>();
    for (let page = 0; page < MOST_PAGES && !asked.has(url.href); page++) {
      asked.add(url.href);
      const { results, next } = await this.#limit(() => this.#get(url));
      for (const result of results) yield result;
      if (next === undefined) return;
      url = next;
    }
    throw this.#failure('its pages do not end');
  }

  async #get(
    url: URL,
  ): Promise<{ readonly results: Record<string, unknown>[]; readonly next: URL | undefined }> {
    const { fetch, signal, retry = DEFAULT_RETRY_POLICY } = this.#options;
    const options = { fetch, signal, timeoutMs: TIMEOUT_MS, limitBytes: LIMIT_BYTES };
    let bytes: Buffer;
    try {
      bytes = await retrying(() => fetchBytes(url, options), retry, signal);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      throw this.#failure(error.reason);
    }
    let page: { results?: unknown; next?: unknown } | null;
    try {
      page = JSON.parse(bytes.toString('utf8')) as typeof page;
    } catch {
      throw this.#failure('an answer is not JSON');
    }
    const results = page?.results;
    if (
      !Array.isArray(results) ||
      !results.every((one) => typeof one === 'object' && one !== null)
    ) {
      throw this.#failure('an answer is no page of results');
    }
    return { results, next: this.#next(page?.next, url) };
  }

  /** A server may only send us on to itself. Behind a proxy it may take itself for another scheme. */
  #next(next: unknown, from: URL): URL | undefined {
    if (next === null || next === undefined) return undefined;
    if (typeof next !== 'string' || !URL.canParse(next, from.href)) {
      throw this.#failure('a page has a strange next one');
    }
    const url = new URL(next, from.href);
    if (url.host !== this.#base.host) throw this.#failure('a page is followed by one elsewhere');
    url.protocol = this.#base.protocol;
    url.username = this.#base.username;
    url.password = this.#base.password;
    return url;
  }

  /** Names become parts of paths, here and on disk. */
  #name(entry: Record<string, unknown>, member: string): string {
    const value = entry[member];
    if (typeof value !== 'string' || !SAFE_NAME.test(value)) {
      throw this.#failure(`it names something no "${member}" should be`);
    }
    return value;
  }

  #failure(why: string): MappingError {
    return new MappingError(this.#base.host, why);
  }
}

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

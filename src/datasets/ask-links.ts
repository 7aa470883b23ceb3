import pLimit from 'p-limit';
import { type KnownLink, KnownLinks, type KnownVersion } from '../../cache/datasets/known-links.js';
import type { CachePaths } from '../../cache/paths.js';
import { DandiApi, type DandiApiOptions, type DandisetVersion } from './dandi-api.js';
import type { ContentLinks } from './mapping.js';
import { shownSource } from './source-url.js';

export interface AskLinksOptions extends DandiApiOptions {
  readonly onProgress?: ((versionsDone: number, versions: number) => void) | undefined;
  /** ISO 8601. */
  readonly now?: string | undefined;
}

const VERSIONS_AT_ONCE = 4;

/**
 * Have a DANDI archive's API say which assets are which content. Each version that is asked is kept in the cache
 * at once: what ended early goes on there, and only what has changed is asked again. Assets that are gone from a
 * draft stay known by their last path, as long as their content has no other link.
 *
 * @throws {MappingError} @throws {CacheWriteError}
 */
export async function askLinks(
  paths: CachePaths,
  apiUrl: string,
  options: AskLinksOptions = {},
): Promise<ContentLinks> {
  const api = new DandiApi(apiUrl, options);
  const known = new KnownLinks(paths, shownSource(apiUrl));
  const fetchedAt = options.now ?? new Date().toISOString();
  const versions = await api.versions();
  const limit = pLimit(VERSIONS_AT_ONCE);
  let done = 0;
  const all = await Promise.all(
    versions.map((version) =>
      limit(async () => {
        const current = await currentVersion(api, known, version, fetchedAt);
        options.onProgress?.(++done, versions.length);
        return current;
      }),
    ),
  );
  return linksOf(all);
}

async function currentVersion(
  api: DandiApi,
  known: KnownLinks,
  version: DandisetVersion,
  fetchedAt: string,
): Promise<KnownVersion> {
  const before = known.read(version.dandiset, version.version);
  if (before !== undefined && version.modified !== '' && before.modified === version.modified) {
    return before;
  }
  const links: KnownLink[] = [];
  for await (const link of api.assets(version)) links.push(link);
  const held = new Set(links.map(([content, path]) => `${content}\n${path}`));
  const gone = [
    ...(before?.links.map(([content, path]) => [content, path, before.fetchedAt] as const) ?? []),
    ...(before?.former ?? []),
  ];
  const former = gone.filter(([content, path]) => !held.has(`${content}\n${path}`));
  const { dandiset: dataset, modified } = version;
  const current = { dataset, version: version.version, modified, fetchedAt, links, former };
  known.write(current);
  return current;
}

/** What there is now goes before what there was; of what there was, what was seen last. */
export function linksOf(versions: readonly KnownVersion[]): ContentLinks {
  const links = new Map<string, Map<string, string[]>>();
  const add = (content: string, dataset: string, path: string): void => {
    const datasets = links.get(content) ?? new Map<string, string[]>();
    links.set(content, datasets);
    const paths = datasets.get(dataset) ?? [];
    datasets.set(dataset, paths);
    if (!paths.includes(path)) paths.push(path);
  };
  for (const { dataset, links: own } of versions) {
    for (const [content, path] of own) add(content, dataset, path);
  }
  const current = new Set(links.keys());
  const lastSeen = new Map<string, string>();
  const former = versions.flatMap(({ dataset, former: own }) =>
    own.map(([content, path, seen]) => ({ content, path, seen, dataset })),
  );
  for (const { content, seen } of former) {
    if ((lastSeen.get(content) ?? '') < seen) lastSeen.set(content, seen);
  }
  for (const { content, path, seen, dataset } of former) {
    if (!current.has(content) && lastSeen.get(content) === seen) add(content, dataset, path);
  }
  return links;
}

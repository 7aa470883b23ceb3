import { resolve } from 'node:path';
import { writeContents } from '../../cache/datasets/content-map.js';
import { removeOtherFiles } from '../../cache/datasets/dataset-files.js';
import type { CachePaths } from '../../cache/paths.js';
import {
  type DatasetRule,
  readSettings,
  type SharedContent,
  updateSettings,
} from '../../cache/settings.js';
import { type AskLinksOptions, askLinks } from './ask-links.js';
import { type ContentLinks, MappingError, placesOf } from './mapping.js';
import { PUBLISHED_MAPPING, readMapping } from './read-mapping.js';
import { isBadUrl, isUrl, shownSource } from './source-url.js';

export interface UpdateMappingOptions extends AskLinksOptions {
  /** File or URL of a mapping; default: that of the last time, else the published one. */
  readonly mapping?: string | undefined;
  /** Base URL of a DANDI API to make the mapping from; instead of `mapping`. */
  readonly apiUrl?: string | undefined;
  /** Default: as the last time, else `undetermined`. */
  readonly shared?: SharedContent | undefined;
  /** Called right before the settings change; throws when the lock is lost. */
  readonly assertHeld?: (() => void) | undefined;
  /** A mapping cannot be had, but there is an older one, which is used. */
  readonly onStale?: ((why: MappingError, fetchedAt: string) => void) | undefined;
}

export interface MappingUpdate {
  readonly source: string;
  readonly fetchedAt: string;
  /** Contents that have a place. */
  readonly contents: number;
  /** Whether places are others than before. */
  readonly changed: boolean;
  /** An older mapping is used, because this one cannot be had. */
  readonly stale: boolean;
}

type ContentRule = Extract<DatasetRule, { rule: 'content' }>;

/** Begins the source of a mapping that was made from an API. */
const API = 'api ';

/**
 * Get the mapping of content to datasets, and keep it in the cache: from now on records are grouped by it. That it is
 * the same as before costs nothing more; with another one rollups are made anew.
 *
 * @throws {MappingError} when there is no older one either
 * @throws {CacheWriteError} @throws {DamagedCacheError}
 */
export async function updateMapping(
  paths: CachePaths,
  options: UpdateMappingOptions = {},
): Promise<MappingUpdate> {
  const { datasets } = readSettings(paths);
  const before = datasets.rule === 'content' ? datasets : undefined;
  const source = sourceOf(options, before);
  const shared = options.shared ?? before?.shared ?? 'undetermined';
  let links: ContentLinks;
  try {
    links = await linksFrom(paths, source, options);
  } catch (error) {
    const isSame = before !== undefined && before.source === source && before.shared === shared;
    if (!(error instanceof MappingError) || !isSame) throw error;
    options.onStale?.(error, before.fetchedAt);
    const { fetchedAt, contents } = before;
    return { source, fetchedAt, contents, changed: false, stale: true };
  }
  const file = writeContents(paths, placesOf(links, shared, source));
  const fetchedAt = options.now ?? new Date().toISOString();
  options.assertHeld?.();
  const changed = before === undefined || before.sha256 !== file.sha256;
  updateSettings(paths, { datasets: { rule: 'content', ...file, source, fetchedAt, shared } });
  removeOtherFiles(paths, 'contents', file.file);
  return { source, fetchedAt, contents: file.contents, changed, stale: false };
}

function sourceOf(options: UpdateMappingOptions, before: ContentRule | undefined): string {
  const { mapping, apiUrl } = options;
  if (mapping !== undefined && apiUrl !== undefined) {
    throw new MappingError(shownSource(mapping), '--mapping and --api-url exclude each other');
  }
  if (apiUrl !== undefined) return `${API}${shownSource(apiUrl)}`;
  if (mapping === undefined) return before?.source ?? PUBLISHED_MAPPING;
  return isUrl(mapping) || isBadUrl(mapping) ? shownSource(mapping) : resolve(mapping);
}

function linksFrom(
  paths: CachePaths,
  source: string,
  options: UpdateMappingOptions,
): Promise<ContentLinks> {
  if (source.startsWith(API)) {
    return askLinks(paths, options.apiUrl ?? source.slice(API.length), options);
  }
  return readMapping(options.mapping ?? source, options);
}

import { listCommits, readCommit } from '../../cache/commit-record.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { CachePaths } from '../../cache/paths.js';

/** What is kept of keys: all of each; content of a DANDI archive (see content-key.ts); all, with the bucket before it (bucket-key.ts). */
export const EXTRACTION_MODES = ['generic', 'dandi', 'buckets'] as const;
export type ExtractionMode = (typeof EXTRACTION_MODES)[number];

/** The cache was extracted in another mode, or in one that this version does not know. */
export class OtherModeError extends S3LogExtractionError {
  constructor(root: string, found: string, asked: string) {
    super(
      'OTHER_MODE',
      `The cache ${root} holds records extracted in ${found} mode, not in ${asked} mode.`,
      {
        hint: `Records of two modes do not add up. Leave --mode out, or name another cache with --cache for ${asked} mode.`,
      },
    );
  }
}

/**
 * The mode that the commits of a cache were extracted in; undefined when it has none.
 *
 * @throws {DamagedCacheError}
 */
export function modeOfCache(paths: CachePaths): string | undefined {
  const first = listCommits(paths)[0];
  return first === undefined ? undefined : readCommit(paths, first).mode;
}

/**
 * The mode of a run: the one asked for, or that of the cache.
 *
 * @throws {OtherModeError}
 */
export function extractionMode(
  paths: CachePaths,
  asked: ExtractionMode | undefined,
): ExtractionMode {
  const found = modeOfCache(paths);
  return requireMode(paths, found, asked ?? found ?? 'generic');
}

/**
 * @param found the mode that counts, if there is one yet
 * @throws {OtherModeError} that is not the one asked for, or none that this version knows
 */
export function requireMode(
  paths: CachePaths,
  found: string | undefined,
  mode: string,
): ExtractionMode {
  const known = EXTRACTION_MODES.find((name) => name === mode);
  if (known === undefined || (found !== undefined && found !== mode)) {
    throw new OtherModeError(paths.root, found ?? mode, mode);
  }
  return known;
}

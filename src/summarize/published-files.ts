import { join } from 'node:path';
import type { CachePaths } from '../../cache/paths.js';
import type { FileCheck, PublishedChecks } from '../../cache/published-checks.js';
import { entries } from '../../cache/published-folder.js';
import { COORDINATES_FILE } from '../ip/coordinates/publish-coordinates.js';
import { ARCHIVE_FOLDER, TOTALS_FILES } from './publish-summaries.js';
import { ARCHIVE_FILES, DATASET_FILES } from './tables.js';

/** Names below `summaries/` of all that stands where only this program publishes; other files are their owner's. */
export function publishedFiles(paths: CachePaths): string[] {
  const names: string[] = [];
  for (const entry of entries(paths.summaries)) {
    if (!entry.isDirectory()) {
      if (isTopFile(entry.name)) names.push(entry.name);
      continue;
    }
    const own = entry.name === ARCHIVE_FOLDER ? ARCHIVE_FILES : DATASET_FILES;
    for (const file of entries(join(paths.summaries, entry.name))) {
      if (own.has(file.name)) names.push(`${entry.name}/${file.name}`);
    }
  }
  return names.sort();
}

/** What is to be said of a published file; `not known`: an earlier version published it. */
export type Judgement = 'as published' | 'damaged' | 'not known';

/**
 * Compare what stands under a name with what was noted when it was published.
 *
 * @param found see {@link checkOfPublished}
 */
export function judgePublished(
  checks: PublishedChecks | undefined,
  name: string,
  found: FileCheck | undefined,
): Judgement {
  const noted = checks?.files.get(name);
  if (noted !== undefined) {
    return found !== undefined && noted.includes(found) ? 'as published' : 'damaged';
  }
  // Removed since it was listed.
  if (found === null) return 'as published';
  // Coordinates are published by a stage of their own, which need not have run since checks are kept.
  return checks?.isComplete === true && name !== COORDINATES_FILE ? 'damaged' : 'not known';
}

function isTopFile(name: string): boolean {
  return name === COORDINATES_FILE || Object.values(TOTALS_FILES).some((file) => file === name);
}

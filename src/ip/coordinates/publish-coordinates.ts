import { join } from 'node:path';
import { makeDirectory, PUBLISHED } from '../../../cache/atomic-write.js';
import type { CachePaths } from '../../../cache/paths.js';
import { checkOf, PublishedChecksWriter } from '../../../cache/published-checks.js';
import { PublishedFile } from '../../../cache/published-file.js';
import { removePublishedFile } from '../../../cache/published-folder.js';
import { coordinatesYaml } from './coordinates-yaml.js';
import type { Point } from './point.js';

/** Beside the totals, where its readers look for it. */
export const COORDINATES_FILE = 'region_codes_to_coordinates.yaml';

/**
 * Bring the published file up to the points; there is none when there are no points.
 *
 * @throws {CacheWriteError}
 */
export async function publishCoordinates(
  paths: CachePaths,
  points: ReadonlyMap<string, Point | null>,
  assertHeld: () => void,
): Promise<'written' | 'unchanged' | 'removed'> {
  const path = join(paths.summaries, COORDINATES_FILE);
  const checks = new PublishedChecksWriter(paths);
  if (points.size === 0) {
    assertHeld();
    checks.drop((name) => name === COORDINATES_FILE);
    checks.end();
    return removePublishedFile(path) ? 'removed' : 'unchanged';
  }
  const text = coordinatesYaml(points);
  const file = new PublishedFile(paths, path);
  file.write(text);
  makeDirectory(paths.summaries, PUBLISHED);
  checks.add(COORDINATES_FILE, checkOf(Buffer.from(text, 'utf8')));
  const isChanged = await file.publish(() => {
    assertHeld();
    checks.begin();
  });
  checks.end();
  return isChanged ? 'written' : 'unchanged';
}

import { join } from 'node:path';
import { makeDirectory, PUBLISHED } from '../../../cache/atomic-write.js';
import type { CachePaths } from '../../../cache/paths.js';
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
  if (points.size === 0) {
    assertHeld();
    return removePublishedFile(path) ? 'removed' : 'unchanged';
  }
  const file = new PublishedFile(paths, path);
  file.write(coordinatesYaml(points));
  makeDirectory(paths.summaries, PUBLISHED);
  return (await file.publish(assertHeld)) ? 'written' : 'unchanged';
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CachePaths } from '../paths.js';

/** Where what is sealed under the new key waits, and what says that it is complete (FORMAT.md section 17). */
export interface RotationPaths {
  readonly root: string;
  readonly segments: string;
  readonly commits: string;
  readonly indexes: string;
  readonly regions: string;
  readonly settings: string;
  readonly cacheFile: string;
  readonly ready: string;
}

export function rotationPaths(paths: CachePaths): RotationPaths {
  const root = join(paths.root, 'rotate');
  return {
    root,
    segments: join(root, 'segments'),
    commits: join(root, 'commits'),
    indexes: join(root, 'indexes'),
    regions: join(root, 'regions'),
    settings: join(root, 'settings.json'),
    cacheFile: join(root, 'cache.json'),
    ready: join(root, 'ready.json'),
  };
}

/** Whether a change of the key is complete, and not in place yet. */
export function isRotationReady(paths: CachePaths): boolean {
  return existsSync(rotationPaths(paths).ready);
}

import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from './atomic-write.js';
import { systemErrorCode } from './error.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';

/** One requester whose region is another than before. */
export interface RegionChange {
  readonly from: string;
  readonly to: string;
}

const HEADER = 'from_region\tto_region\trequesters';

/** Where the log of a day stands: how many requesters went from which region to which. */
export function changesFile(paths: CachePaths, day: string): string {
  return join(paths.root, 'ips', 'changes', `${day}.tsv`);
}

/**
 * Add changes to the log of a day (FORMAT.md section 13): counts of pairs, nothing of the requesters.
 *
 * @param day `YYYY-MM-DD`
 * @param changes regions without tabs and line ends
 * @throws {CacheWriteError}
 */
export function addRegionChanges(
  paths: CachePaths,
  day: string,
  changes: readonly RegionChange[],
): void {
  if (changes.length === 0) return;
  const path = changesFile(paths, day);
  const counts = readCounts(path);
  for (const { from, to } of changes) {
    const pair = `${from}\t${to}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const rows = [...counts].map(([pair, count]) => `${pair}\t${count}`).sort();
  makeDirectory(join(paths.root, 'ips', 'changes'));
  writeFileAtomic(path, `${[HEADER, ...rows].join('\n')}\n`);
}

function readCounts(path: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of readLines(path).slice(1)) {
    const end = line.lastIndexOf('\t');
    counts.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return counts;
}

function readLines(path: string): string[] {
  try {
    return readOwnText(path)
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

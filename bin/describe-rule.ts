import { DamagedCacheError } from '../cache/own-file.js';
import type { CachePaths } from '../cache/paths.js';
import { type DatasetRule, type RobotsChoice, readSettings } from '../cache/settings.js';
import { formatCount } from './format.js';

/** What is published of a cache; undefined when its settings are damaged, which is for others to say. */
export function countingRule(
  paths: CachePaths,
): { readonly datasets: DatasetRule; readonly robots: RobotsChoice } | undefined {
  try {
    const { datasets, robots = 'include' } = readSettings(paths);
    return { datasets, robots };
  } catch (error) {
    if (error instanceof DamagedCacheError) return undefined;
    throw error;
  }
}

/** Which records count, where it is not all of them. */
export const ROBOTS_TOLD = {
  exclude: 'without records tagged as those of robots',
  only: 'records tagged as those of robots alone',
} as const satisfies Record<Exclude<RobotsChoice, 'include'>, string>;

export function describeRule(rule: DatasetRule | undefined): string {
  switch (rule?.rule) {
    case 'level':
      return rule.level === 1
        ? 'first components of keys'
        : `first ${rule.level} components of keys`;
    case 'pattern':
      return `what ${rule.pattern} finds in keys`;
    case 'content':
      return `dandisets, by ${formatCount(rule.contents)} contents from ${rule.source}`;
    case 'names':
      return `by ${formatCount(rule.prefixes)} names from ${rule.source}`;
    default:
      return 'unknown, settings.json is damaged; run "s3logextraction validate cache"';
  }
}

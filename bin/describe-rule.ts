import { DamagedCacheError } from '../cache/own-file.js';
import type { CachePaths } from '../cache/paths.js';
import { type DatasetRule, readSettings } from '../cache/settings.js';
import { formatCount } from './format.js';

/** What the datasets of a cache are; undefined when its settings are damaged, which is for others to say. */
export function datasetRule(paths: CachePaths): DatasetRule | undefined {
  try {
    return readSettings(paths).datasets;
  } catch (error) {
    if (error instanceof DamagedCacheError) return undefined;
    throw error;
  }
}

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

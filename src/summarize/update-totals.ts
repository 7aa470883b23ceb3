import { join } from 'node:path';
import { makeDirectory, PUBLISHED } from '../../cache/atomic-write.js';
import type { Engine, EngineRow } from '../../cache/engine.js';
import type { CachePaths } from '../../cache/paths.js';
import { PublishedFile } from '../../cache/published-file.js';
import { removePublishedFile } from '../../cache/published-folder.js';
import { regionRelation } from '../../cache/region-table.js';
import { type UpdateRollupsOptions, updateRollups } from '../../cache/rollups.js';
import { countCountries } from './country.js';
import { type Grouping, groupRollups, type SummaryMode } from './grouping.js';
import { type Totals, totalsText } from './json-text.js';
import { type PrivacyRules, type PublishedCount, privacyRules, publishedCount } from './privacy.js';
import { countRequesters, withRegions } from './tables.js';

export interface UpdateTotalsOptions extends Omit<UpdateRollupsOptions, 'onProgress'> {
  /** `dataset`: totals.json; `archive`: archive_totals.json. Default `dataset`. */
  readonly mode?: SummaryMode;
  readonly threshold?: number | bigint | undefined;
  readonly modulus?: number | bigint | undefined;
}

export interface TotalsUpdate {
  /** Datasets in the file; 1 for the archive, 0 when there are no records and so no file. */
  readonly datasets: number;
  /** `unchanged`: its bytes were these already, or there is no file and was none. */
  readonly file: 'written' | 'unchanged' | 'removed';
  readonly stopped: boolean;
}

const FILES = { dataset: 'totals.json', archive: 'archive_totals.json' } as const;

/**
 * Bring `summaries/totals.json` or `summaries/archive_totals.json` up to the commits there are,
 * from exact sums, rolling up new commits first. The file has no final newline, as the peer's.
 *
 * @throws {PrivacyRulesError} @throws {DamagedCacheError} @throws {EngineError}
 * @throws {CacheWriteError}
 */
export async function updateTotals(
  paths: CachePaths,
  engine: Engine,
  options: UpdateTotalsOptions = {},
): Promise<TotalsUpdate> {
  const mode = options.mode ?? 'dataset';
  const rules = privacyRules(options);
  const { manifest, stopped } = await updateRollups(paths, engine, options);
  if (stopped || options.shouldStop?.()) return { datasets: 0, file: 'unchanged', stopped: true };
  const path = join(paths.summaries, FILES[mode]);
  const grouping = groupRollups(paths, manifest.runs, mode);
  const file = new PublishedFile(paths, path);
  let datasets = 0;
  try {
    const query = totalsQuery(grouping, regionRelation(paths));
    for await (const batch of engine.stream(`compute ${FILES[mode]}`, query, grouping.parameters)) {
      for (const row of batch) {
        file.write(
          mode === 'archive' ? totalsText(totalsOf(row, rules)) : member(row, rules, datasets),
        );
        datasets++;
      }
    }
    if (datasets === 0) {
      options.assertHeld?.();
      const removed = removePublishedFile(path);
      return { datasets, file: removed ? 'removed' : 'unchanged', stopped: false };
    }
    if (mode === 'dataset') file.write('\n}');
    makeDirectory(paths.summaries, PUBLISHED);
    const changed = await file.publish(options.assertHeld);
    return { datasets, file: changed ? 'written' : 'unchanged', stopped: false };
  } finally {
    file.discard();
  }
}

/** SQL of one row per dataset, ordered by name; {@link totalsOf} reads it. */
function totalsQuery(grouping: Grouping, regions: string): string {
  return `
    WITH sums AS (
      SELECT dataset, sum(bytes_sent) AS bytes, sum(requests) AS requests, sum(downloads) AS downloads
      FROM ${grouping.days} GROUP BY dataset
    ), counts AS (${countRequesters(grouping.requesters)}), regions AS (
      SELECT dataset, list(region) AS regions
      FROM (SELECT DISTINCT dataset, region FROM ${withRegions(grouping.requesters, regions)})
      GROUP BY dataset
    )
    SELECT dataset, bytes, requests, downloads, requesters, regions
    FROM sums JOIN counts USING (dataset) JOIN regions USING (dataset) ORDER BY dataset`;
}

function totalsOf(row: EngineRow, rules: PrivacyRules): Totals {
  const [, bytes, requests, downloads, requesters, regions] = row;
  const count = (value: EngineRow[number] | undefined): PublishedCount =>
    publishedCount(value as bigint, rules);
  return {
    number_of_requesters: count(requesters),
    number_of_unique_countries: BigInt(countCountries(regions as string[])),
    number_of_unique_regions: BigInt((regions as string[]).length),
    total_bytes_sent: bytes as bigint,
    total_number_of_downloads: count(downloads),
    total_number_of_requests: count(requests),
  };
}

/** One dataset of totals.json, with what stands before it. Names are unique and sorted by SQL. */
function member(row: EngineRow, rules: PrivacyRules, position: number): string {
  const before = position === 0 ? '{\n' : ',\n';
  return `${before}  ${JSON.stringify(row[0])}: ${totalsText(totalsOf(row, rules), 2)}`;
}

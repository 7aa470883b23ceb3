import { nameWithoutAddress } from '../../package/address-in-text.js';
import type { PublishedTotals } from '../../published/parse-totals.js';
import type { CollectJson, CollectorSpec, JsonContent } from '../collector.js';

/** As `totals.json` and `archive_totals.json` have them. */
export const totalsSpec: CollectorSpec<'json'> = {
  key: 'totals',
  version: '1.0',
  format: 'json',
  description: 'Six figures of the archive and of each dataset',
};

export const collectTotals: CollectJson = ({ archive }) => {
  const ofArchive = archive.archiveTotals();
  const ofDatasets = archive.totals();
  if (ofArchive === undefined && ofDatasets === undefined) return undefined;
  const datasets = new Map<string, JsonContent>();
  for (const [name, totals] of ofDatasets ?? []) {
    const shown = nameWithoutAddress(name);
    let unique = shown;
    for (let n = 2; datasets.has(unique); n++) unique = `${shown}~${n}`;
    datasets.set(unique, figures(totals));
  }
  return { archive: ofArchive === undefined ? null : figures(ofArchive), datasets };
};

/** Nothing else, whatever a later version publishes. */
function figures(totals: PublishedTotals): JsonContent {
  return {
    number_of_requesters: totals.number_of_requesters,
    number_of_unique_countries: totals.number_of_unique_countries,
    number_of_unique_regions: totals.number_of_unique_regions,
    total_bytes_sent: totals.total_bytes_sent,
    total_number_of_downloads: totals.total_number_of_downloads,
    total_number_of_requests: totals.total_number_of_requests,
  };
}

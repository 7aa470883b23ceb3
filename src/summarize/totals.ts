import { countCountries } from './country.js';
import { type Totals, totalsText } from './json-text.js';
import { type PrivacyRules, publishedCount } from './privacy.js';
import type { DatasetFigures } from './table-tasks.js';

/** Figures that totals hold, of one dataset or of the archive. */
type TotalFigures = Omit<DatasetFigures, 'dataset' | 'folder'>;

/**
 * The text of `totals.json`, in pieces; no final newline, as the peer's.
 *
 * @param datasets in the order in which they are printed; at least one
 * @param regions names by number
 */
export function* datasetTotals(
  datasets: readonly DatasetFigures[],
  regions: readonly string[],
  rules: PrivacyRules,
): Generator<string> {
  for (const [i, figures] of datasets.entries()) {
    const text = totalsText(totalsOf(figures, regions, rules), 2);
    yield `${i === 0 ? '{\n' : ',\n'}  ${JSON.stringify(figures.dataset)}: ${text}`;
  }
  yield '\n}';
}

/** The text of `archive_totals.json`. */
export function archiveTotals(
  figures: TotalFigures,
  regions: readonly string[],
  rules: PrivacyRules,
): string {
  return totalsText(totalsOf(figures, regions, rules));
}

function totalsOf(
  { requesters, regions, bytes, requests, downloads }: TotalFigures,
  names: readonly string[],
  rules: PrivacyRules,
): Totals {
  return {
    number_of_requesters: publishedCount(BigInt(requesters), rules),
    number_of_unique_countries: BigInt(countCountries(regions.map((n) => names[n] as string))),
    number_of_unique_regions: BigInt(regions.length),
    total_bytes_sent: bytes,
    total_number_of_downloads: publishedCount(downloads, rules),
    total_number_of_requests: publishedCount(requests, rules),
  };
}

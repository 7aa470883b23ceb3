import { pack } from './model/pack.js';
import { type ReportSource, readModel } from './model/report-model.js';
import { page } from './page.js';
import { datasetPage, datasetTable } from './sections/datasets.js';
import { freshnessSection, type LogAccount } from './sections/freshness.js';
import { headline } from './sections/headline.js';
import { overTime } from './sections/over-time.js';
import { privacySection } from './sections/privacy.js';
import { whereFrom } from './sections/where-from.js';

export type { ReportSource } from './model/report-model.js';
export type { LogAccount } from './sections/freshness.js';

export interface ReportOptions {
  /** The archive's name, of which {@link LONGEST_TITLE} characters are shown. */
  readonly title?: string | undefined;
  /** undefined: nothing is told of logs and lines. */
  readonly account?: LogAccount | undefined;
}

export interface Report {
  readonly html: string;
  readonly datasets: number;
  /** Datasets that have pages of their own in it. */
  readonly pages: number;
}

/** What a report takes at most, whatever the archive. */
export const REPORT_BYTES = 1_000_000;
/** Rows of the table of datasets: 1,000 take some 250 kB, with names of 30 characters. */
const DATASET_TABLE_BYTES = 420_000;
const SPARE_BYTES = 2_000;
const LONGEST_TITLE = 200;

/**
 * What is published of an archive as one HTML page that needs nothing besides: a pure function of the published tables and the
 * options, so that equal data gives equal bytes.
 *
 * The page never exceeds {@link REPORT_BYTES}. Of an archive of 1,000 datasets these take:
 *
 *     style and script             45 kB
 *     headline, time, privacy      15 kB, and 130 bytes a month
 *     map                          45 kB of land, up to 35 kB of dots
 *     regions                     110 kB at most
 *     table of datasets           420 kB at most, usually 250
 *     data                        what is left: days of the archive (12 bytes each), then datasets
 *
 * The data is deflated, and what it tells of each dataset is chosen so that it fits (`model/pack.ts`): first the time plots get
 * coarser and the lists of assets and regions shorter, then the datasets with fewest bytes go without pages.
 *
 * @throws as `PublishedArchive.table`
 */
export function renderReport(archive: ReportSource, options: ReportOptions = {}): string {
  return makeReport(archive, options).html;
}

/** As {@link renderReport}, and what found room in it. */
export function makeReport(archive: ReportSource, options: ReportOptions = {}): Report {
  const model = readModel(archive);
  const title = (options.title ?? 'Usage of the archive').slice(0, LONGEST_TITLE);
  const { section, listed } = datasetTable(model, DATASET_TABLE_BYTES);
  const overview = [
    headline(model, title),
    overTime(model),
    whereFrom(model),
    section,
    privacySection(model),
    freshnessSection(model, options.account),
  ];
  const parts = { title, overview, dataset: datasetPage() };
  const room = REPORT_BYTES - SPARE_BYTES - Buffer.byteLength(page({ ...parts, data: '' }));
  const { text, pages } = pack(model, listed, room);
  return { html: page({ ...parts, data: text }), datasets: model.datasets.length, pages };
}

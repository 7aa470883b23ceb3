import type { WritableCache } from '../cache/open-cache.js';
import { readSettings } from '../cache/settings.js';
import {
  type ExtractOptions,
  extractLogs,
  type SourceInventory,
} from '../src/extract/extract-logs.js';
import type { ExtractionMode } from '../src/extract/extraction-mode.js';
import type { BucketReport, ExtractionReport, ListedReport } from '../src/extract/report.js';
import type { WorkerThreads } from '../src/extract/worker-threads.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, formatElapsed, plural } from './format.js';
import type { Output } from './output.js';
import { extractionReporter } from './progress-reporter.js';

/** Extract with progress and warnings shown, and print the account of the run. */
export async function runExtraction(
  cache: WritableCache,
  options: {
    readonly source: string;
    readonly workers: number;
    readonly threads?: WorkerThreads | undefined;
    readonly limit: number | undefined;
    readonly mode?: ExtractionMode | undefined;
    readonly inventory?: SourceInventory | undefined;
    readonly bucket?: ExtractOptions['bucket'];
    readonly pipeline?: ExtractOptions['pipeline'];
    readonly shard?: ExtractOptions['shard'];
    readonly env: NodeJS.ProcessEnv;
    readonly shouldStop: () => boolean;
  },
  output: Output,
): Promise<ExtractionReport> {
  const report = await extractLogs(cache, {
    source: options.source,
    workers: options.workers,
    threads: options.threads,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    mode: options.mode,
    inventory: options.inventory,
    bucket: options.bucket,
    pipeline: options.pipeline,
    shard: options.shard,
    skippedAddresses: await skippedAddresses(cache, options.env),
    shouldStop: options.shouldStop,
    onWarning: (message) => output.warn(message),
    onNote: (message) => output.note(message),
    onProgress: extractionReporter(output),
  });
  output.print(describeReport(report));
  return report;
}

/** The variable for the expression of addresses whose records are not kept. */
export const SKIP_VARIABLE = 'IPS_TO_SKIP';

/** That of the environment, else the one kept sealed in the cache. */
export async function skippedAddresses(
  { paths, key }: WritableCache,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const given = env[SKIP_VARIABLE];
  if (given !== undefined && given !== '') return given;
  const sealed = readSettings(paths).skippedAddresses;
  if (sealed === undefined) return undefined;
  const { openText } = await import('../cache/sealed-text.js');
  return openText(sealed, key, 'The expression for addresses to skip');
}

/** Partial when a log file is left out, so that a scheduler notices. */
export function extractionStatus({
  files,
  listed,
  bucket,
}: {
  readonly files: { readonly failed: number };
  readonly listed?: ListedReport;
  readonly bucket?: BucketReport;
}): number {
  const isPartial =
    files.failed > 0 ||
    (bucket !== undefined && bucket.notDeleted > 0) ||
    (listed !== undefined && (listed.missing > 0 || Object.keys(listed.defects).length > 0));
  return isPartial ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status;
}

/** What an inventory lists, and what became of it. */
export function describeListed(listed: ListedReport): string {
  const { run, files, missing, extractedAndGone } = listed;
  const left = Object.values(listed.leftOut).reduce((sum, count) => sum + count, 0);
  const text = `  inventory ${run}: ${formatCount(files)} listed, ${formatCount(missing)} missing, ${formatCount(extractedAndGone)} gone and known; ${plural(left, 'other object')}`;
  // What is there is named otherwise than in the bucket, or nothing is there.
  const isElsewhere = missing === files && (files > 0 || listed.leftOut.outside > 0);
  return isElsewhere
    ? `${text}\n    None of them is below the source: --inventory-prefix says which folder of the bucket it is a copy of.`
    : text;
}

function describeReport(report: ExtractionReport): string {
  const { files, bytes, lines, elapsedMs, stopped } = report;
  const rate = elapsedMs > 0 ? `, ${formatBytes((bytes / elapsedMs) * 1000)}/s` : '';
  const text = [
    `Extracted ${plural(files.extracted, 'log file')} (${formatBytes(bytes)}) in ${formatElapsed(elapsedMs)}${rate}.`,
    `  files: ${formatCount(files.found)} found, ${formatCount(files.known)} known already, ${formatCount(files.failed)} failed`,
    `  lines: ${formatCount(lines.total)} = ${formatCount(lines.kept)} kept + ${formatCount(lines.skipped)} skipped + ${formatCount(lines.rejected)} rejected`,
  ];
  if (report.listed !== undefined) text.splice(2, 0, describeListed(report.listed));
  if (report.bucket !== undefined) {
    const { held, deleted, kept, notDeleted } = report.bucket;
    text.push(
      `  objects: ${formatCount(held)} left for later (too new), ${formatCount(deleted)} deleted, ${formatCount(kept)} kept for their rejected lines, ${formatCount(notDeleted)} that could not be deleted`,
    );
  }
  const reasons = Object.entries(lines.reasons).sort(([, a], [, b]) => b - a);
  for (const [reason, count] of reasons) text.push(`    ${formatCount(count)} ${reason}`);
  for (const note of ['key_not_content', 'address_skipped']) {
    const count = lines.notes[note] ?? 0;
    if (count > 0) text.push(`    ${formatCount(count)} skipped: ${note}`);
  }
  if (stopped) text.push('Stopped as asked; the next run goes on from here.');
  return text.join('\n');
}

import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CacheWriteError, PUBLISHED, writeFileAtomic } from '../cache/atomic-write.js';
import { readCacheStatus } from '../cache/cache-status.js';
import { S3LogExtractionError, systemErrorCode } from '../cache/error.js';
import { openCacheForReading } from '../cache/open-cache.js';
import { isBelow, realFilePlace, realPlace } from '../cache/real-place.js';
import { makeReport } from '../src/report/index.js';
import { openPublished } from '../src/share/published/published-archive.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, plural } from './format.js';
import { openInBrowser } from './open-in-browser.js';

/** The report cannot stand where it is asked for. */
export class ReportFileError extends S3LogExtractionError {
  constructor(path: string, why: string, hint: string, exitCode: number, cause?: unknown) {
    super(
      'REPORT_FILE',
      `Could not write the report to ${path}: ${why}.`,
      { hint, cause },
      exitCode,
    );
  }
}

/** Write the report, and show it if asked to. @returns the exit status */
export async function runReport(
  options: {
    readonly output: string;
    readonly title: string | undefined;
    readonly open: boolean;
  },
  { cacheDirectory, output }: CommandContext,
): Promise<number> {
  const path = resolve(options.output);
  requireReportFile(path, cacheDirectory);
  const { paths } = openCacheForReading(cacheDirectory);
  const archive = openPublished(paths);
  output.progress('Reading the published tables');
  const { html, datasets, pages } = makeReport(archive, {
    title: options.title,
    account: readCacheStatus(paths),
  });
  write(path, html);
  const opened = options.open ? await openInBrowser(path) : undefined;
  if (opened === false) {
    output.warn(`No browser could be started. Open this file in one yourself: ${path}`);
  }
  const bytes = Buffer.byteLength(html);
  output.print(
    [
      `Wrote ${path} (${formatBytes(bytes)}): ${plural(datasets, 'dataset')}, as published ${archive.changedAt.slice(0, 10)}.`,
      ...(pages < datasets
        ? [`  There was room for the pages of ${formatCount(pages)}, those with most bytes.`]
        : []),
    ].join('\n'),
  );
  output.json({
    report: path,
    bytes,
    datasets,
    pages,
    changedAt: archive.changedAt,
    opened: opened ?? null,
  });
  return EXIT_STATUS.done.status;
}

/** A slip of the pen must neither replace a file of another kind nor leave one in the cache. @throws {ReportFileError} */
function requireReportFile(path: string, cache: string): void {
  if (!/\.html?$/i.test(path)) {
    const hint = 'Name a file that ends in .html, such as --output report.html.';
    throw new ReportFileError(path, 'its name does not end in .html', hint, 2);
  }
  if (isBelow(realFilePlace(path), realPlace(cache))) {
    const hint = 'Name a file outside of the cache: what is in it belongs to the program.';
    throw new ReportFileError(path, 'it is in the cache', hint, 2);
  }
  const found = whatIs(path);
  if (found?.isDirectory() === true) {
    throw new ReportFileError(path, 'it is a folder', 'Name a file in it.', 2);
  }
  if (found?.isFile() === false) {
    const hint = 'It would be replaced: remove it first, or name another file.';
    throw new ReportFileError(path, 'what is there is no regular file', hint, 2);
  }
}

/** What cannot be looked at is told of when it is written. */
function whatIs(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** @throws {ReportFileError} */
function write(path: string, html: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic(path, html, PUBLISHED);
  } catch (error) {
    const cause = error instanceof CacheWriteError ? error.cause : error;
    const hint =
      'Check the permissions of its folder and the room on the disk, or name another with --output.';
    throw new ReportFileError(
      path,
      systemErrorCode(cause) ?? 'the system refused it',
      hint,
      1,
      error,
    );
  }
}

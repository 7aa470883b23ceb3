import { resolve } from 'node:path';
import { S3LogExtractionError } from '../cache/error.js';
import type { CachePaths } from '../cache/paths.js';
import { isBelow, realPlace } from '../cache/real-place.js';
import type { PublishedArchive } from '../src/share/published/published-archive.js';
import type { SiteReport } from '../src/share/site/write-site.js';
import { camelCase, type OptionSpecs } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { plural } from './format.js';
import type { Output } from './output.js';

/** Options of `share` that are about a folder of public data. */
export const SITE_OPTIONS = {
  title: { type: 'string', describe: 'site: what the data are called (default: Access summaries)' },
  license: {
    type: 'string',
    describe: 'site: licence of the data, as SPDX names it: CC0-1.0 (default: none is stated)',
  },
  homepage: { type: 'string', describe: 'site: address of a page about the archive' },
  report: {
    type: 'boolean',
    default: false,
    describe: 'site: with the report (see report --help) as index.html',
  },
  overwrite: {
    type: 'boolean',
    default: false,
    describe: 'site: replace files of others that stand where its own belong',
  },
} as const satisfies OptionSpecs;

export interface SiteLine {
  readonly to: string;
  readonly title: string | undefined;
  readonly license: string | undefined;
  readonly homepage: string | undefined;
  readonly report: boolean;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

/** A site goes into a folder of its own. */
export class SiteDestinationError extends S3LogExtractionError {
  constructor(what: string) {
    super(
      'SITE_DESTINATION',
      `A folder of public data cannot be written ${what}.`,
      { hint: 'Name a folder outside of the cache, such as one that is in git.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** Options of one layout were given with the other. */
export class LayoutOptionsError extends S3LogExtractionError {
  constructor(option: string, layout: string) {
    super(
      'LAYOUT_OPTIONS',
      `--${option} has no meaning with --layout ${layout}.`,
      { hint: 'Leave it out, or choose the other layout: packages or site.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/**
 * Refuse options of the other layout, which would go unheeded.
 *
 * @param given by their names, as they are typed
 * @throws {LayoutOptionsError}
 */
export function requireLayout(layout: string, given: Readonly<Record<string, unknown>>): void {
  const others = layout === 'site' ? PACKAGE_OPTIONS : Object.keys(SITE_OPTIONS);
  for (const option of others) {
    const value = given[camelCase(option)];
    if (value !== undefined && value !== false) throw new LayoutOptionsError(option, layout);
  }
}

const PACKAGE_OPTIONS = [
  ...['collectors', 'pick', 'skip', 'again', 'max-size', 'max-packed-size', 'endpoint', 'region'],
] as const;

/** `--homepage` is no address of a page. */
export class HomepageError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_HOMEPAGE',
      '--homepage must be an address that begins with http:// or https://.',
      {},
      EXIT_STATUS.usage.status,
    );
  }
}

/**
 * Write what is published as a folder of public data, and tell.
 *
 * @throws {SiteDestinationError} {@link HomepageError} and what `writeSite` throws
 */
export async function runSite(
  paths: CachePaths,
  { to, report: withReport, ...options }: SiteLine,
  output: Output,
): Promise<SiteReport> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(to)) throw new SiteDestinationError(`to ${to}`);
  const directory = resolve(to);
  if (isBelow(realPlace(directory), realPlace(paths.root)))
    throw new SiteDestinationError('into the cache');
  const { homepage } = options;
  if (homepage !== undefined && !isWebAddress(homepage)) throw new HomepageError();
  const { openPublished } = await import('../src/share/published/published-archive.js');
  const { writeSite } = await import('../src/share/site/write-site.js');
  const archive = openPublished(paths);
  const report = withReport ? await reportOf(archive, options.title) : undefined;
  const done = writeSite(archive, directory, { ...options, report });
  const { written, unchanged, removed, kept } = done;
  const would = options.dryRun ? ' (dry run: nothing was done)' : '';
  output.print(
    `${directory}: ${plural(written, 'file')} written, ${unchanged} unchanged, ${removed} removed${would}.`,
  );
  for (const name of kept) output.note(`${name} was not written by this command: it stays.`);
  return done;
}

async function reportOf(archive: PublishedArchive, title: string | undefined): Promise<string> {
  const { renderReport } = await import('../src/report/index.js');
  return renderReport(archive, { title });
}

/** What cannot break out of a link. */
function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s<>"'\\]{1,2000}$/i.test(text) && URL.canParse(text);
}

import { lstatSync, readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';
import { makePublishedFolder } from '../../../cache/published-folder.js';

/** Names the files of a site that this program has written, so that it removes no others. Kept with them, also in git. */
export const SITE_LIST = '.site-files.json';

/** The list of files is none of ours. */
export class SiteListError extends S3LogExtractionError {
  constructor(path: string) {
    super('SITE_LIST_INVALID', `${path} is no list of files of a site.`, {
      hint: 'Restore it from git, or remove it: then files there count as those of others.',
    });
  }
}

/** Files of others stand where those of a site belong. */
export class SiteTakenError extends S3LogExtractionError {
  constructor(directory: string, paths: readonly string[]) {
    const some = paths
      .slice(0, 3)
      .map((path) => JSON.stringify(path))
      .join(', ');
    const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
    super(
      'SITE_TAKEN',
      `In ${directory} there is ${some}${more}, which this command did not write. Nothing was changed.`,
      { hint: 'Name another folder, move them away, or add --overwrite to replace them.' },
    );
  }
}

/** Something other than a folder stands where a folder of a site belongs. */
export class SiteFolderError extends S3LogExtractionError {
  constructor(path: string) {
    super('SITE_FOLDER_INVALID', `${path} is no folder of its own.`, {
      hint: 'Links are not followed there: move it away and run the same command again.',
    });
  }
}

/** Larger than the list of any site. */
const LARGEST_LIST = 1 << 28;

/**
 * Which files this program has written there.
 *
 * @throws {SiteListError}
 */
export function readSiteList(directory: string): Set<string> {
  const path = join(directory, SITE_LIST);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return new Set();
  if (!stats.isFile() || stats.size > LARGEST_LIST) throw new SiteListError(path);
  let value: { version?: unknown; files?: unknown } | null;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as typeof value;
  } catch (error) {
    if (systemErrorCode(error) !== undefined) throw error;
    throw new SiteListError(path);
  }
  const files = value?.version === 1 ? value.files : undefined;
  // Whoever changed it may have named anything.
  if (!Array.isArray(files) || !files.every(isSitePath)) throw new SiteListError(path);
  return new Set(files);
}

/** The text of the list, a file a line. */
export function siteListText(paths: Iterable<string>): string {
  const lines = [...paths].sort().map((path) => `    ${JSON.stringify(path)}`);
  return `{\n  "version": 1,\n  "files": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** Three folders deep at most, and never out of the site, nor into git's own folder. */
function isSitePath(path: unknown): path is string {
  if (typeof path !== 'string' || path.length > 1000 || /[\\\0]/.test(path)) return false;
  const parts = path.split('/');
  return (
    parts.length <= 4 &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..') &&
    !/^\.git$/i.test(parts[0])
  );
}

/** As `PublishedBatch` names them. */
const UNFINISHED = /^(.+)\.[0-9a-f]{12}\.tmp$/s;

/** Folders that were found to be real ones, or made. */
export class SiteFolders {
  readonly #directory: string;
  readonly #known = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Make the folder of a file, and those above it.
   *
   * @throws {SiteFolderError} one of them is a link, or something else
   */
  make(path: string): void {
    const folder = dirname(path);
    if (folder === '.' || this.#known.has(folder)) return;
    this.make(folder);
    const full = join(this.#directory, folder);
    const stats = lstatSync(full, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) throw new SiteFolderError(full);
    if (stats === undefined) makePublishedFolder(full);
    this.#known.add(folder);
  }

  /**
   * Whether all folders above a file are there.
   *
   * @throws {SiteFolderError} one of them is a link, or something else
   */
  has(path: string): boolean {
    const folder = dirname(path);
    if (folder === '.') return true;
    if (!this.has(folder)) return false;
    const full = join(this.#directory, folder);
    const stats = lstatSync(full, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) throw new SiteFolderError(full);
    return stats !== undefined;
  }

  /** Remove what a run that was killed had begun to write of some files. */
  removeUnfinished(paths: ReadonlySet<string>): void {
    const folders = new Set([...paths].map((path) => dirname(path)));
    for (const folder of folders) {
      if (folder !== '.' && !this.has(`${folder}/x`)) continue;
      for (const entry of readdirSync(join(this.#directory, folder), { withFileTypes: true })) {
        const base = UNFINISHED.exec(entry.name)?.[1];
        if (base === undefined || !entry.isFile()) continue;
        const path = folder === '.' ? base : `${folder}/${base}`;
        if (paths.has(path)) unlinkSync(join(this.#directory, folder, entry.name));
      }
    }
  }

  /** Remove a file, if it is a regular one in real folders, and folders that are empty then. @returns whether it was there */
  remove(path: string): boolean {
    const full = join(this.#directory, path);
    if (!this.has(path) || lstatSync(full, { throwIfNoEntry: false })?.isFile() !== true) {
      return false;
    }
    unlinkSync(full);
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      try {
        rmdirSync(join(this.#directory, folder));
      } catch (error) {
        if (['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) break;
        throw error;
      }
    }
    return true;
  }
}

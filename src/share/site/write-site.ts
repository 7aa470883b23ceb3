import { lstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fsyncDirectory } from '../../../cache/atomic-write.js';
import { PublishedBatch, syncFileSystem } from '../../../cache/published-batch.js';
import type { PublishedArchive } from '../published/published-archive.js';
import { licenceOf } from './licences.js';
import { type SiteFile, siteFiles } from './site-files.js';
import {
  readSiteList,
  SITE_LIST,
  SiteFolderError,
  SiteFolders,
  SiteTakenError,
  siteListText,
} from './site-folder.js';

export interface SiteOptions {
  /** Of the data; default: `Access summaries`. */
  readonly title?: string | undefined;
  /** Identifier of SPDX, such as `CC0-1.0`. Without one the site says that none is stated: choosing one is the archive's business. */
  readonly license?: string | undefined;
  /** Address of a page about the archive. */
  readonly homepage?: string | undefined;
  /** HTML of the report, made of the same archive; it becomes `index.html`. */
  readonly report?: string | undefined;
  /** Replace files of others that stand where those of the site belong. */
  readonly overwrite?: boolean | undefined;
  /** Only tell what would be done. */
  readonly dryRun?: boolean | undefined;
}

export interface SiteReport {
  readonly written: number;
  readonly unchanged: number;
  readonly removed: number;
  /** Files of others that were left as they are, though the site has some of that name. */
  readonly kept: readonly string[];
}

/** What people write themselves: theirs stays. */
const OFTEN_THEIRS: ReadonlySet<string> = new Set([
  'README.md',
  'LICENSE.md',
  'index.html',
  '.gitattributes',
]);

/** Files that are held as they are written, before they get their names, at most. */
const MOST_FILES = 20_000;
const MOST_BYTES = 1 << 30;

/**
 * Write what is published as a public folder of data, ready for git: tables, totals and coordinates where the usage page of DANDI reads them, a
 * Data Package, an explanation, copies in Parquet. What is there already is left untouched, with its time. What was written before
 * and is no longer part of it is removed; nothing else ever is. Links are not followed.
 *
 * @param directory may hold other things, such as `.git`; made when it is missing
 * @throws {SiteTakenError} {@link SiteFolderError} {@link SiteListError} {@link LicenceError}
 * @throws what {@link PublishedArchive.bytes} throws; then nothing of the site has changed but whole files
 */
export function writeSite(
  archive: PublishedArchive,
  directory: string,
  options: SiteOptions = {},
): SiteReport {
  const { title = 'Access summaries', license, homepage, report } = options;
  const licence = license === undefined ? undefined : licenceOf(license);
  const root = existingPath(directory);
  const all = siteFiles(archive, { title, licence, homepage }, report);
  const before = readSiteList(root);
  const kept = takenByOthers(root, all, before, options.overwrite === true);
  const files = all.filter(({ path }) => !kept.has(path));
  const now = new Set(files.map(({ path }) => path));
  const stale = [...before].filter((path) => !now.has(path));
  const target = new SiteTarget(root, options.dryRun === true);
  target.removeUnfinished(new Set([...before, SITE_LIST]));
  // What is begun belongs to us from now on, also when this is killed.
  target.list(new Set([...before, ...now]));
  const { written, unchanged } = target.write(files);
  const removed = target.remove(stale);
  target.list(now);
  return { written, unchanged, removed, kept: [...kept] };
}

/** The folder itself may be named by a link. */
function existingPath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return resolve(directory);
  }
}

/**
 * Files of others in the way: those that are ours word for word, and with `overwrite` all, are taken over.
 *
 * @returns those that are left to their owners
 */
function takenByOthers(
  root: string,
  files: readonly SiteFile[],
  ours: ReadonlySet<string>,
  overwrite: boolean,
): Set<string> {
  const folders = new SiteFolders(root);
  const kept = new Set<string>();
  const taken: string[] = [];
  for (const { path, content } of files) {
    // Folders first: also those of files that are ours must be no links.
    if (!folders.has(path) || ours.has(path)) continue;
    const stats = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (OFTEN_THEIRS.has(path) && !overwrite) {
      kept.add(path);
      continue;
    }
    if (stats.isDirectory()) throw new SiteFolderError(join(root, path));
    if (overwrite || (stats.isFile() && isSame(join(root, path), content()))) continue;
    taken.push(path);
  }
  if (taken.length > 0) throw new SiteTakenError(root, taken);
  return kept;
}

function isSame(path: string, content: Uint8Array | undefined): boolean {
  return content !== undefined && readFileSync(path).equals(content);
}

/** The folder that is written to; on a dry run nothing is. */
class SiteTarget {
  readonly #root: string;
  readonly #isDry: boolean;
  readonly #folders: SiteFolders;

  constructor(root: string, isDry: boolean) {
    this.#root = root;
    this.#isDry = isDry;
    this.#folders = new SiteFolders(root);
    if (!isDry) mkdirSync(root, { recursive: true });
  }

  list(paths: ReadonlySet<string>): void {
    if (this.#isDry) return;
    this.#publish([{ path: SITE_LIST, content: () => Buffer.from(siteListText(paths)) }]);
  }

  write(files: readonly SiteFile[]): { written: number; unchanged: number } {
    if (!this.#isDry) return this.#publish(files);
    let unchanged = 0;
    for (const { path, content } of files) {
      const full = join(this.#root, path);
      const isFile = lstatSync(full, { throwIfNoEntry: false })?.isFile() === true;
      if (isFile && isSame(full, content())) unchanged++;
    }
    return { written: files.length - unchanged, unchanged };
  }

  removeUnfinished(paths: ReadonlySet<string>): void {
    if (!this.#isDry) this.#folders.removeUnfinished(paths);
  }

  remove(paths: readonly string[]): number {
    if (this.#isDry) return paths.length;
    return paths.filter((path) => this.#folders.remove(path)).length;
  }

  /** Written beside those that they replace, made durable together, then named: each is whole at any time. */
  #publish(files: readonly SiteFile[]): { written: number; unchanged: number } {
    const batch = new PublishedBatch();
    let written = 0;
    let unchanged = 0;
    try {
      for (const { path, content } of files) {
        const bytes = content();
        if (bytes === undefined) continue;
        this.#folders.make(path);
        if (batch.prepare(join(this.#root, path), [bytes])) written++;
        else unchanged++;
        if (batch.files >= MOST_FILES || batch.bytes >= MOST_BYTES) this.#name(batch);
      }
      this.#name(batch);
    } catch (error) {
      batch.discard();
      throw error;
    }
    return { written, unchanged };
  }

  #name(batch: PublishedBatch): void {
    if (batch.files === 0) return;
    if (!syncFileSystem(this.#root, batch.files)) batch.sync();
    batch.rename();
    fsyncDirectory(this.#root);
  }
}

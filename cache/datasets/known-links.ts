import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../atomic-write.js';
import { systemErrorCode } from '../error.js';
import { DamagedCacheError, readOwnText, requireOwnFolder } from '../own-file.js';
import type { CachePaths } from '../paths.js';
import { isListOf, isObject, isText } from '../sealed-json.js';
import { datasetsFolder } from './dataset-files.js';

/** Content and path of an asset. */
export type KnownLink = readonly [content: string, path: string];

/** What an archive's API has told of one version of a dataset (FORMAT.md section 15). */
export interface KnownVersion {
  readonly dataset: string;
  readonly version: string;
  /** As the API tells when it changed last. */
  readonly modified: string;
  /** When we asked. */
  readonly fetchedAt: string;
  readonly links: readonly KnownLink[];
  /** Links it had before, and when they were seen last. */
  readonly former: readonly (readonly [content: string, path: string, seen: string])[];
}

/** What the API at some URL has told, a file a version: what was asked once is not asked again. */
export class KnownLinks {
  readonly #folder: string;

  constructor(paths: CachePaths, apiUrl: string) {
    const id = createHash('sha256').update(apiUrl, 'utf8').digest('hex').slice(0, 16);
    this.#folder = join(datasetsFolder(paths), `api-${id}`);
    requireOwnFolder(this.#folder);
  }

  /** @returns undefined when it is not known, or what is known cannot be read: then it is asked again */
  read(dataset: string, version: string): KnownVersion | undefined {
    try {
      const text = readOwnText(this.#path(dataset, version));
      const known: unknown = JSON.parse(text);
      const isWhole = isVersion(known) && known.dataset === dataset && known.version === version;
      return isWhole ? known : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof DamagedCacheError) return undefined;
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** @throws {CacheWriteError} */
  write(known: KnownVersion): void {
    makeDirectory(this.#folder);
    writeFileAtomic(this.#path(known.dataset, known.version), `${JSON.stringify(known)}\n`);
  }

  #path(dataset: string, version: string): string {
    return join(this.#folder, `${dataset}@${version}.json`);
  }
}

function isVersion(value: unknown): value is KnownVersion {
  return (
    isObject(value) &&
    [value.dataset, value.version, value.modified, value.fetchedAt].every(isText) &&
    isListOf(value.links, (link) => isTexts(link, 2)) &&
    isListOf(value.former, (link) => isTexts(link, 3))
  );
}

function isTexts(value: unknown, length: number): value is readonly string[] {
  return isListOf(value, isText) && value.length === length;
}

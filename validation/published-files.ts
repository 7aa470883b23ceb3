import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { S3LogExtractionError } from '../cache/error.js';
import type { CachePaths } from '../cache/paths.js';
import {
  checkOfPublished,
  checksFile,
  type FileCheck,
  type PublishedChecks,
  readPublishedChecks,
} from '../cache/published-checks.js';
import { COORDINATES_FILE } from '../src/ip/coordinates/publish-coordinates.js';
import { holdsAddress } from '../src/ip/holds-address.js';
import {
  type Judgement,
  judgePublished,
  publishedFiles,
} from '../src/summarize/published-files.js';
import type { Finding } from './finding.js';

/** What the published files of a cache came to. */
export interface PublishedFiles {
  /** Files of which it is not known what they are to be: published by an earlier version, and not since. */
  readonly unknown: number;
}

/**
 * Compare every published file with the check that was noted when it was published (FORMAT.md section 10), and look for
 * raw addresses where no name of a dataset or asset stands. Takes no lock: a file that an update replaces meanwhile
 * is compared again.
 *
 * @param onFile called before each file that is read
 */
export function* publishedFindings(
  paths: CachePaths,
  onFile: (file: string) => void = () => {},
): Generator<Finding, PublishedFiles> {
  const noted = new NotedChecks(paths);
  if (noted.damage !== undefined) yield noted.damage;
  const present = publishedFiles(paths);
  let unknown = 0;
  for (const name of new Set([...noted.names(), ...present])) {
    const file = join(paths.summaries, name);
    onFile(file);
    const scan = isFreeOfNames(name) ? new AddressScan() : undefined;
    const what = noted.compare(name, scan);
    if (what === NOT_KNOWN) unknown++;
    else if (what !== undefined) yield { claim: 'published-intact', file, what };
    if (scan?.found) {
      const found = 'something that reads as an address stands in it, where none may stand';
      yield { claim: 'no-raw-address', file, what: found };
    }
  }
  return { unknown };
}

const NOT_KNOWN = 'not known' satisfies Judgement;

/** Checks as they stand on disk; read again when an update may have written them meanwhile. */
class NotedChecks {
  readonly #paths: CachePaths;
  #checks: PublishedChecks | undefined;
  #stamp = '';
  damage: Finding | undefined;

  constructor(paths: CachePaths) {
    this.#paths = paths;
    this.#read();
  }

  names(): Iterable<string> {
    return this.#checks?.files.keys() ?? [];
  }

  /** @returns what is wrong with a file, {@link NOT_KNOWN}, or undefined when it is as noted */
  compare(name: string, scan: AddressScan | undefined): string | undefined {
    for (let attempt = 1; ; attempt++) {
      scan?.start();
      const check = checkOfPublished(this.#paths, name, (piece) => scan?.add(piece));
      const what = this.#judge(name, check);
      if (what === undefined || what === NOT_KNOWN || attempt === 2) return what;
      if (stampOf(checksFile(this.#paths)) === this.#stamp) return what;
      this.#read();
    }
  }

  #judge(name: string, check: FileCheck | undefined): string | undefined {
    const judgement = judgePublished(this.#checks, name, check);
    if (judgement === 'as published') return undefined;
    if (judgement === NOT_KNOWN) return NOT_KNOWN;
    return `${this.#wrong(name, check)}; run "s3logextraction repair", then "s3logextraction update${
      name === COORDINATES_FILE ? ' ip coordinates' : ''
    }"`;
  }

  #wrong(name: string, check: FileCheck | undefined): string {
    if (check === undefined) return 'it is not a regular file in a folder of its own';
    if (check === null) return 'it is missing';
    const isNoted = this.#checks?.files.has(name) === true;
    return isNoted ? 'it is not what was published last' : 'no dataset that is published owns it';
  }

  #read(): void {
    this.#stamp = stampOf(checksFile(this.#paths));
    try {
      this.#checks = readPublishedChecks(this.#paths);
    } catch (error) {
      if (!(error instanceof S3LogExtractionError) || error.code !== 'CACHE_DAMAGED') throw error;
      this.damage = {
        claim: 'published-intact',
        file: checksFile(this.#paths),
        what: error.message,
      };
    }
  }
}

/** Another one after each replacement. */
function stampOf(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs}`;
}

/** Neither datasets nor assets, whose names are anything, are named in it. */
function isFreeOfNames(name: string): boolean {
  return !/(?:^|\/)(?:totals\.json|by_asset\.tsv|by_asset_per_week\.tsv)$/.test(name);
}

/** Looks for addresses in a text that comes in pieces, line by line. */
class AddressScan {
  #found = false;
  #rest = '';

  get found(): boolean {
    return this.#found || holdsAddress(this.#rest);
  }

  start(): void {
    this.#found = false;
    this.#rest = '';
  }

  add(piece: Buffer): void {
    const text = this.#rest + piece.toString('latin1');
    // A line without end is cut somewhere: memory is bounded.
    const end = text.length > LONGEST_LINE ? text.length : text.lastIndexOf('\n') + 1;
    this.#found ||= holdsAddress(text.slice(0, end));
    this.#rest = text.slice(end);
  }
}

const LONGEST_LINE = 1 << 22;

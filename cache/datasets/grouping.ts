import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { S3LogExtractionError } from '../error.js';
import type { CachePaths } from '../paths.js';
import { type DatasetRule, FIRST_COMPONENT, type RobotsChoice, readSettings } from '../settings.js';
import { type ContentIndex, ContentMap, readContents } from './content-map.js';
import { readDatasetNames } from './dataset-names.js';
import { type Grouping, JoinedKey, UNASSOCIATED_BYTES } from './joined-key.js';
import { indexNames, NamesGrouping, type NamesIndex } from './names-grouping.js';

/** How keys are grouped: plain data that threads can be sent. */
export type GroupingSetup =
  | { readonly rule: 'level'; readonly level: number }
  | { readonly rule: 'pattern'; readonly pattern: string }
  | { readonly rule: 'content'; readonly index: ContentIndex }
  | { readonly rule: 'names'; readonly index: NamesIndex };

/** A grouping, and what tells it from others. */
export interface DatasetGrouping {
  /** Undefined for the usual one, by the first component. */
  readonly id: string | undefined;
  /** Whether assets have sums by week. */
  readonly hasWeeks: boolean;
  readonly setup: GroupingSetup;
  /** Which records count. */
  readonly robots: RobotsChoice;
}

/** The expression that finds datasets is none, or finds nothing. */
export class DatasetPatternError extends S3LogExtractionError {
  constructor(why: string) {
    super(
      'INVALID_DATASET_PATTERN',
      `The expression for datasets cannot be used: ${why}.`,
      {
        hint: 'It has the syntax of RE2 (no look-around, no back-references), and its first group is the dataset: --dataset-pattern "^data/(ds[0-9]+)/".',
      },
      2,
    );
  }
}

/**
 * How the keys of a cache are grouped into datasets, by its settings.
 *
 * @throws {DamagedCacheError} @throws {DatasetPatternError}
 */
export function readGrouping(paths: CachePaths): DatasetGrouping {
  const { datasets, robots = 'include' } = readSettings(paths);
  const { id, ...rest } = groupingOf(paths, datasets);
  if (robots === 'include') return { id, ...rest, robots };
  return { id: `${id ?? 'level 1'}, robots ${robots}`, ...rest, robots };
}

function groupingOf(paths: CachePaths, datasets: DatasetRule): Omit<DatasetGrouping, 'robots'> {
  if (datasets.rule === 'level') {
    const isUsual = datasets.level === FIRST_COMPONENT.level;
    return {
      id: isUsual ? undefined : `level ${datasets.level}`,
      hasWeeks: false,
      setup: datasets,
    };
  }
  if (datasets.rule === 'pattern') {
    compilePattern(datasets.pattern);
    const hash = createHash('sha256').update(datasets.pattern, 'utf8').digest('hex');
    return { id: `pattern ${hash}`, hasWeeks: false, setup: datasets };
  }
  if (datasets.rule === 'names') {
    const index = indexNames(readDatasetNames(paths, datasets));
    return { id: `names ${datasets.sha256}`, hasWeeks: false, setup: { rule: 'names', index } };
  }
  const index = readContents(paths, datasets);
  return {
    id: `content ${datasets.sha256}`,
    hasWeeks: true,
    setup: { rule: 'content', index },
  };
}

/** The id of {@link readGrouping}, without reading all that it needs. @throws {DamagedCacheError} */
export function groupingId(paths: CachePaths): string {
  const { datasets, robots } = readSettings(paths);
  const rule = JSON.stringify(datasets, ['rule', 'level', 'pattern', 'sha256']);
  return robots === undefined ? rule : `${rule}, robots ${robots}`;
}

/** Loads the library only where there is an expression, and at once: threads start with it. */
const require = createRequire(import.meta.url);

/** Longer ones take seconds and much memory, which whoever wrote the settings may have wanted. */
const LONGEST_PATTERN = 10_000;

/** @throws {DatasetPatternError} */
export function compilePattern(pattern: string): RE2JS {
  if (pattern.length > LONGEST_PATTERN) throw new DatasetPatternError('it is too long');
  const re2 = require('re2js') as typeof import('re2js');
  let compiled: RE2JS;
  try {
    compiled = re2.RE2JS.compile(pattern);
  } catch {
    throw new DatasetPatternError('it is not an RE2 expression');
  }
  if (compiled.groupCount() < 1) throw new DatasetPatternError('it has no group');
  return compiled;
}

export function openGrouping(setup: GroupingSetup): Grouping {
  if (setup.rule === 'level') return new LevelGrouping(setup.level);
  if (setup.rule === 'pattern') return new PatternGrouping(compilePattern(setup.pattern));
  if (setup.rule === 'names') return new NamesGrouping(setup.index);
  return new ContentGrouping(new ContentMap(setup.index));
}

const SLASH = 0x2f;

/** By the first components of the key. */
class LevelGrouping implements Grouping {
  bytes = new Uint8Array(0);
  view = new DataView(new ArrayBuffer(0));
  start = 0;
  length = 0;
  datasetLength = 0;
  readonly #level: number;

  constructor(level: number) {
    this.#level = level;
  }

  group(bytes: Uint8Array, view: DataView, from: number, length: number): void {
    this.bytes = bytes as Uint8Array<ArrayBuffer>;
    this.view = view as DataView<ArrayBuffer>;
    this.start = from;
    this.length = length;
    const end = from + length;
    let at = from;
    for (let left = this.#level; at < end; at++) {
      if (bytes[at] === SLASH && --left === 0) break;
    }
    // A folder by itself is no component more.
    if (at === end && this.#level > 1 && length > 1 && bytes[end - 1] === SLASH) at--;
    this.datasetLength = at - from;
  }
}

/** By what an expression finds; the rest of the key is the asset path. */
class PatternGrouping extends JoinedKey implements Grouping {
  readonly #pattern: RE2JS;

  constructor(pattern: RE2JS) {
    super();
    this.#pattern = pattern;
  }

  group(bytes: Uint8Array, _view: DataView, from: number, length: number): void {
    const key = bytes.subarray(from, from + length);
    // As Latin-1, so that places in the text are places in the bytes.
    const matcher = this.#pattern.matcher(Buffer.from(key).toString('latin1'));
    const end = matcher.find() ? matcher.end(1) : -1;
    if (end < 0) {
      this.join(UNASSOCIATED_BYTES, key);
      return;
    }
    const rest = key[end] === SLASH ? end + 1 : end;
    this.join(key.subarray(matcher.start(1), end), key.subarray(rest));
  }
}

const BLOBS = Buffer.from('blobs/');
const ZARR = Buffer.from('zarr/');
const UUID_BYTES = 36;
/** `blobs/`, two folders of three digits, and a UUID. */
const BLOB_KEY_BYTES = BLOBS.length + 8 + UUID_BYTES;

/**
 * By the mapping of content. Keys are those of `dandi` mode (src/extract/content-key.ts), or those that a generic
 * extraction kept of the same logs; what is neither blob nor store is unassociated, by its key.
 */
class ContentGrouping extends JoinedKey implements Grouping {
  readonly #map: ContentMap;

  constructor(map: ContentMap) {
    super();
    this.#map = map;
  }

  group(bytes: Uint8Array, _view: DataView, from: number, length: number): void {
    const end = from + length;
    if (length === BLOB_KEY_BYTES && startsWith(bytes, from, BLOBS)) {
      this.#place(bytes, end - UUID_BYTES, end);
    } else if (length > ZARR.length && startsWith(bytes, from, ZARR)) {
      const id = from + ZARR.length;
      let idEnd = id;
      while (idEnd < end && bytes[idEnd] !== SLASH) idEnd++;
      this.#place(bytes, id, idEnd);
    } else {
      this.join(UNASSOCIATED_BYTES, bytes.subarray(from, end));
    }
  }

  #place(bytes: Uint8Array, from: number, end: number): void {
    const map = this.#map;
    if (!map.find(bytes, from, end - from)) {
      this.join(UNASSOCIATED_BYTES, bytes.subarray(from, end));
      return;
    }
    const place = map.bytes.subarray(map.start, map.start + map.length);
    this.join(place.subarray(0, map.datasetLength), place.subarray(map.datasetLength + 1));
  }
}

function startsWith(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
}

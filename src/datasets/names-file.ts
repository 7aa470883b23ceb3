import { resolve } from 'node:path';
import {
  type DatasetNames,
  inByteOrder,
  type NamedPrefix,
  OTHERWISE,
} from '../../cache/datasets/dataset-names.js';
import { UNASSOCIATED, UNDETERMINED } from '../../cache/datasets/joined-key.js';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { GivenFileError, readGivenFile } from '../../cache/given-file.js';
import { foldedName } from '../summarize/folded-name.js';
import { parseEntries, shown, type YamlEntry, YamlEntryError } from './yaml-entries.js';

/** Names of datasets as a file gives them. */
export interface GivenNames extends DatasetNames {
  /** The file. */
  readonly source: string;
  /** How many of the prefixes are those of buckets. */
  readonly buckets: number;
}

/** The file of names cannot be used. */
export class NamesFileError extends S3LogExtractionError {
  constructor(path: string, why: string) {
    super(
      'INVALID_NAMES',
      `Could not use the names of datasets in ${path}: ${why}.`,
      { hint: 'The README, "Names of datasets", shows what such a file looks like.' },
      2,
    );
  }
}

const MOST_BYTES = 1 << 20;
const LONGEST_NAME = 1024;
const VERSION = 1;
/** What is something else where datasets are published. */
const RESERVED = new Set([UNASSOCIATED, UNDETERMINED, 'archive']);

/**
 * Read a file of names.
 *
 * @throws {NamesFileError}
 */
export function readNamesFile(path: string): GivenNames {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readGivenFile(path, MOST_BYTES));
  } catch (error) {
    if (error instanceof GivenFileError) throw new NamesFileError(path, error.message);
    throw new NamesFileError(path, systemErrorCode(error) ?? 'it cannot be read');
  }
  return parseNames(text, resolve(path));
}

/**
 * @param path for messages, and where the names come from
 * @throws {NamesFileError}
 */
export function parseNames(text: string, path: string): GivenNames {
  try {
    if (text.length > MOST_BYTES) throw new GivenFileError(`it has more than ${MOST_BYTES} bytes`);
    return { ...namesOf(parseEntries(text)), source: path };
  } catch (error) {
    const isOurs = error instanceof YamlEntryError || error instanceof GivenFileError;
    if (isOurs) throw new NamesFileError(path, error.message);
    throw error;
  }
}

function namesOf(members: readonly YamlEntry[]): Omit<GivenNames, 'source'> {
  let version: unknown;
  let otherwise: DatasetNames['otherwise'] = 'first-component';
  let prefixes: readonly YamlEntry[] = [];
  let buckets: readonly YamlEntry[] = [];
  for (const member of members) {
    const { key, line, value } = member;
    if (key === 'version') version = versionOf(member);
    else if (key === 'prefixes') prefixes = mapOf(member);
    else if (key === 'buckets') buckets = mapOf(member);
    else if (key === 'otherwise') {
      const known = OTHERWISE.find((one) => one === value);
      if (known === undefined) fail(line, `otherwise is none of ${OTHERWISE.join(', ')}`);
      else otherwise = known;
    } else fail(line, `it has an unknown member ${shown(key)}`);
  }
  if (version === undefined) fail(1, `it has no member "version: ${VERSION}"`);
  if (prefixes.length + buckets.length === 0) fail(1, 'it names no prefix and no bucket');
  const named = new Map<string, string>();
  for (const entry of prefixes) {
    named.set(prefixOf(entry), nameOf(entry));
  }
  for (const entry of buckets) {
    const { key, line } = entry;
    if (!BUCKET.test(key)) fail(line, `${shown(key)} is no name of a bucket`);
    const prefix = `${key}/`;
    if (named.has(prefix)) fail(line, `the bucket ${shown(key)} is a prefix with a name already`);
    named.set(prefix, nameOf(entry));
  }
  const inOrder: NamedPrefix[] = inByteOrder(named, ([prefix]) => prefix);
  return { prefixes: inOrder, otherwise, buckets: buckets.length };
}

function versionOf({ value, line }: YamlEntry): number {
  if (value === VERSION) return value;
  return fail(line, `its version is not ${VERSION}, the one that this program knows`);
}

function mapOf({ key, entries, line }: YamlEntry): readonly YamlEntry[] {
  return entries ?? fail(line, `${key} is not a map of texts to names`);
}

/** As src/extract/bucket-key.ts tells them. */
const BUCKET = /^(?:(?![/"%])[!-~])+$/;
/** No key has one of these as logs show it. */
const NOT_IN_KEYS = /[\u0000-\u0020"\u007f\ufeff\p{Cs}]/u;
const HALF_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

function prefixOf({ key, line }: YamlEntry): string {
  if (key === '') fail(line, 'a prefix is empty');
  if (NOT_IN_KEYS.test(key) || HALF_ESCAPE.test(key)) {
    fail(
      line,
      `the prefix ${shown(key)} has a space, a quote, a control character or half an escape, which logs never show in a key; write it as by_asset.tsv does (a space is %20, %2520 or +)`,
    );
  }
  return key;
}

/** What would not stand in one cell, or tells nothing apart. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

function nameOf({ key, value, line }: YamlEntry): string {
  const of = `the name of ${shown(key)}`;
  if (typeof value !== 'string') {
    return fail(
      line,
      value === null ? `${of} is missing` : `${of} is no text; put quotes around it`,
    );
  }
  if (value === '') fail(line, `${of} is empty`);
  if (value !== value.trim()) fail(line, `${of} begins or ends with a space`);
  if (Buffer.byteLength(value) > LONGEST_NAME)
    fail(line, `${of} has more than ${LONGEST_NAME} bytes`);
  if (NOT_IN_NAMES.test(value)) fail(line, `${of} has a control character or half of a character`);
  if (RESERVED.has(foldedName(value)))
    fail(line, `${of}, ${shown(value)}, is something else there`);
  return value;
}

function fail(line: number, why: string): never {
  throw new YamlEntryError(line, why);
}

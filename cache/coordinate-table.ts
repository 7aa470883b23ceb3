import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from './atomic-write.js';
import { readFailure, S3LogExtractionError, systemErrorCode } from './error.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';

/** Coordinates that somebody gave us for a region code. */
export interface KnownCoordinates {
  /** Degrees, -90 to 90. */
  readonly latitude: number;
  /** Degrees, -180 to 180. */
  readonly longitude: number;
  /** Who said so: `opencage`, `database`. */
  readonly source: string;
}

/** A region code that some sources do not know: when (ISO 8601) each was asked last. */
export interface UnknownCoordinates {
  readonly tried: Readonly<Record<string, string>>;
}

export type CoordinateEntry = KnownCoordinates | UnknownCoordinates;

export type CoordinateTable = Map<string, CoordinateEntry>;

/** `ips/coordinates.json` is not what this program writes. */
export class CoordinateTableError extends S3LogExtractionError {
  constructor(path: string, why: string, cause?: unknown) {
    super('COORDINATES_DAMAGED', `The coordinates in ${path} cannot be read: ${why}.`, {
      cause,
      hint: 'Restore this file from a backup, or remove it: the coordinates are asked for again.',
    });
  }
}

/** Where coordinates stand that took a question: private working state (FORMAT.md section 13). */
export function coordinateTablePath(paths: CachePaths): string {
  return join(paths.root, 'ips', 'coordinates.json');
}

/**
 * All that is kept of earlier questions; nothing when there is no file.
 *
 * @throws {CoordinateTableError}
 */
export function readCoordinateTable(paths: CachePaths): CoordinateTable {
  const path = coordinateTablePath(paths);
  let text: string;
  try {
    text = readOwnText(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return new Map();
    throw readFailure(path, error, (why) => new CoordinateTableError(path, why, error));
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Without its cause: a parser's message quotes the text.
    throw new CoordinateTableError(path, 'it is not JSON');
  }
  if (!isObject(parsed)) throw new CoordinateTableError(path, 'it is not an object');
  return new Map(
    Object.entries(parsed).map(([code, entry]) => {
      if (isEntry(entry)) return [code, entry];
      throw new CoordinateTableError(path, `it has no valid coordinates for ${clipped(code)}`);
    }),
  );
}

/**
 * Replace the table as a whole (FORMAT.md W1), sorted by code.
 *
 * @throws {CacheWriteError}
 */
export function writeCoordinateTable(paths: CachePaths, table: CoordinateTable): void {
  makeDirectory(join(paths.root, 'ips'));
  const codes = [...table.keys()].sort();
  // Written member by member: an object would put codes that look like numbers first.
  const members = codes.map(
    (code) => `  ${JSON.stringify(code)}: ${JSON.stringify(table.get(code))}`,
  );
  const text = members.length === 0 ? '{}\n' : `{\n${members.join(',\n')}\n}\n`;
  writeFileAtomic(coordinateTablePath(paths), text);
}

function isEntry(value: unknown): value is CoordinateEntry {
  if (!isObject(value)) return false;
  if ('tried' in value) {
    const { tried } = value;
    return isObject(tried) && Object.values(tried).every((time) => typeof time === 'string');
  }
  const { latitude, longitude, source } = value;
  return isDegrees(latitude, 90) && isDegrees(longitude, 180) && typeof source === 'string';
}

function isDegrees(value: unknown, limit: number): boolean {
  return typeof value === 'number' && Math.abs(value) <= limit;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clipped(code: string): string {
  return JSON.stringify(code.length > 80 ? `${code.slice(0, 80)}…` : code);
}

import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';

/** A folder holds no inventory that can be used. */
export class InventoryNotFoundError extends S3LogExtractionError {
  constructor(directory: string, why: string, cause?: unknown) {
    super('INVENTORY_NOT_FOUND', `Could not read an inventory in ${directory}: ${why}.`, {
      cause,
      hint: 'Name a copy of what S3 Inventory writes: <source-bucket>/<configuration>/ with folders such as 2026-05-03T01-00Z, and data/ beside them.',
    });
  }
}

/** A folder holds inventories of several configurations. */
export class SeveralInventoriesError extends S3LogExtractionError {
  constructor(directory: string, folders: readonly string[]) {
    super(
      'INVENTORY_AMBIGUOUS',
      `There are ${folders.length} inventories in ${directory}: ${folders.slice(0, 5).join(', ')}.`,
      { hint: 'Name the folder of one of them.' },
    );
  }
}

const RUN = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}Z$/;
/** `<prefix>/<source-bucket>/<configuration>/<run>`, and prefixes of some parts. */
const DEEPEST = 8;
const MOST_FOLDERS = 10_000;

/**
 * The runs of the only inventory in a copy of its destination, or of a part of it, the newest first.
 *
 * @throws {InventoryNotFoundError} @throws {SeveralInventoriesError}
 */
export function findRuns(directory: string): string[] {
  const configurations = new Map<string, string[]>();
  const waiting: { readonly folder: string; readonly depth: number }[] = [
    { folder: directory, depth: 0 },
  ];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { folder, depth } = next;
    if (++seen > MOST_FOLDERS) break;
    if (RUN.test(basename(folder))) {
      const configuration = dirname(folder);
      configurations.set(configuration, [...(configurations.get(configuration) ?? []), folder]);
      continue;
    }
    if (depth >= DEEPEST) continue;
    for (const entry of list(folder, depth === 0)) {
      // What is in these is named by the manifests, or for other readers.
      if (!entry.isDirectory() || entry.name === 'data' || entry.name === 'hive') continue;
      waiting.push({ folder: join(folder, entry.name), depth: depth + 1 });
    }
  }
  const [runs, ...others] = configurations.values();
  if (runs === undefined) throw new InventoryNotFoundError(directory, 'there is no run of one');
  if (others.length > 0) {
    throw new SeveralInventoriesError(directory, [...configurations.keys()].sort());
  }
  return runs.sort().reverse();
}

function list(folder: string, isRoot: boolean): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (!isRoot) return [];
    throw new InventoryNotFoundError(folder, systemErrorCode(error) ?? 'unknown error', error);
  }
}

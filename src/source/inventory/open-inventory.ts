import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findRuns, InventoryNotFoundError } from './find-runs.js';
import { IncompleteRunError, type Manifest, readManifest, UnreadFormatError } from './manifest.js';

/** One run of S3 Inventory that is there as a whole. */
export interface Inventory extends Manifest {
  /** When it began: `2026-05-03T01-00Z`. */
  readonly run: string;
  /** Where `data/` is. */
  readonly folder: string;
}

/**
 * The newest run that is complete: its manifest is what its checksum says, and all its data files are there, of the
 * size and MD5 that the manifest says. Of a run that is not, a warning says why, and the one before is tried.
 *
 * @param directory copy of the inventory's destination: the prefix, `<source-bucket>`, or `<configuration>` below it
 * @throws {InventoryNotFoundError} @throws {SeveralInventoriesError}
 */
export async function openInventory(
  directory: string,
  onWarning: (message: string) => void = () => {},
): Promise<Inventory> {
  const runs = findRuns(directory);
  for (const run of runs) {
    const name = basename(run);
    const folder = dirname(run);
    try {
      const manifest = readManifest(run);
      for (const file of manifest.files) await requireIntact(join(folder, file.path), file);
      return { ...manifest, run: name, folder };
    } catch (error) {
      if (error instanceof UnreadFormatError) {
        const why = `${error.message} is a format that is not read; let S3 Inventory write CSV or Parquet`;
        throw new InventoryNotFoundError(run, why, error);
      }
      if (!(error instanceof IncompleteRunError)) throw error;
      onWarning(`The inventory ${run} is left out: ${error.message}. The one before counts.`);
    }
  }
  throw new InventoryNotFoundError(directory, 'none of its runs is complete');
}

async function requireIntact(
  path: string,
  file: { readonly path: string; readonly sizeBytes: number; readonly md5: string },
): Promise<void> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw new IncompleteRunError(`${file.path} is missing`);
  if (stats.size !== file.sizeBytes) {
    throw new IncompleteRunError(
      `${file.path} has ${stats.size} bytes, ${file.sizeBytes} in the manifest`,
    );
  }
  const hash = createHash('md5');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(piece as Buffer);
    }
  } catch (error) {
    throw new IncompleteRunError(`${file.path} cannot be read`, { cause: error });
  }
  if (hash.digest('hex') !== file.md5) {
    throw new IncompleteRunError(`${file.path} has another MD5 than the manifest says`);
  }
}

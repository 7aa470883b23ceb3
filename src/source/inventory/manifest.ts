import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A data file, as a manifest names it. */
export interface ManifestFile {
  /** Where it is below the folder of the inventory's configuration: `data/<uuid>.csv.gz`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hex, lower case. */
  readonly md5: string;
}

/** What `manifest.json` of one run of S3 Inventory says. */
export interface Manifest {
  readonly sourceBucket: string;
  readonly format: 'CSV' | 'Parquet';
  /** Names of the columns of CSV files, in their order. */
  readonly columns: readonly string[];
  readonly files: readonly ManifestFile[];
}

/** Why a run does not count; the message has the reason only. */
export class IncompleteRunError extends Error {}

/** The run is in a format that is not read; the message names it. */
export class UnreadFormatError extends Error {}

/** A bucket of a hundred million objects has some thousand files. */
const MOST_BYTES = 64 << 20;

/**
 * Read and check the manifest of a run (Amazon S3 User Guide, "Locating your inventory list").
 *
 * @throws {IncompleteRunError} @throws {UnreadFormatError}
 */
export function readManifest(run: string): Manifest {
  const text = readPart(run, 'manifest.json');
  const checksum = readPart(run, 'manifest.checksum').toString('latin1').trim().toLowerCase();
  if (createHash('md5').update(text).digest('hex') !== checksum) {
    throw new IncompleteRunError('manifest.json is not what manifest.checksum says');
  }
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new IncompleteRunError('manifest.json is no JSON');
  }
  const { sourceBucket, fileFormat, fileSchema, files } = value ?? {};
  if (typeof fileFormat !== 'string' || typeof fileSchema !== 'string' || !Array.isArray(files)) {
    throw new IncompleteRunError('manifest.json lacks fileFormat, fileSchema or files');
  }
  if (fileFormat !== 'CSV' && fileFormat !== 'Parquet') throw new UnreadFormatError(fileFormat);
  const columns = fileFormat === 'CSV' ? fileSchema.split(',').map((name) => name.trim()) : [];
  if (fileFormat === 'CSV' && !columns.includes('Key')) {
    throw new IncompleteRunError('manifest.json names no column Key');
  }
  return {
    sourceBucket: typeof sourceBucket === 'string' ? sourceBucket : '',
    format: fileFormat,
    columns,
    files: files.map(manifestFile),
  };
}

function readPart(run: string, name: string): Buffer {
  const path = join(run, name);
  try {
    const stats = statSync(path);
    if (stats.size > MOST_BYTES) throw new IncompleteRunError(`${name} is too large`);
    // Nobody waits for what comes out of a pipe.
    if (!stats.isFile()) throw new IncompleteRunError(`${name} is not a file`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof IncompleteRunError) throw error;
    throw new IncompleteRunError(`it has no ${name} that can be read`);
  }
}

function manifestFile(value: unknown): ManifestFile {
  const { key, size, MD5checksum: md5 } = (value ?? {}) as Record<string, unknown>;
  // Beside the runs; whatever stands before it in the bucket is not in the copy.
  const path = typeof key === 'string' ? key.split('/').slice(-2).join('/') : '';
  if (
    !/^[^/\\\0]+\/[^/\\\0]+$/.test(path) ||
    path.split('/').some((part) => /^\.\.?$/.test(part))
  ) {
    throw new IncompleteRunError('manifest.json names a data file that is no path');
  }
  if (!Number.isSafeInteger(size) || typeof md5 !== 'string' || !/^[0-9a-f]{32}$/i.test(md5)) {
    throw new IncompleteRunError('manifest.json has a data file without size or MD5checksum');
  }
  return { path, sizeBytes: size as number, md5: md5.toLowerCase() };
}

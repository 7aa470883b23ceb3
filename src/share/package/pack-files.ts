import { createHash, randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fsyncDirectory, TEMPORARY_SUFFIX } from '../../../cache/atomic-write.js';
import { S3LogExtractionError } from '../../../cache/error.js';
import type { StandingPackage } from '../../../cache/sharing/consignment.js';
import { type CollectedFile, compact } from '../collect/collect-files.js';
import type { PackageLimits } from './package-limits.js';
import {
  archiveBytes,
  CHECKSUMS_FILE,
  checksumsText,
  inOrder,
  MANIFEST_FILE,
  manifestText,
  planPackages,
} from './package-parts.js';
import { splitTable } from './split-table.js';
import { writeArchive } from './write-archive.js';

/** A file does not fit into any package. */
export class PackageTooLargeError extends S3LogExtractionError {
  constructor(file: string, what: string, limit: number) {
    super(
      'PACKAGE_TOO_LARGE',
      `The file ${file} cannot be sent: with it alone a package has more than ${limit} bytes${what}.`,
      { hint: 'Raise --max-size or --max-packed-size, or leave its collector out with --skip.' },
    );
  }
}

export interface PackOptions {
  readonly limits: PackageLimits;
  readonly group: string;
  /** ISO 8601: when the published data changed last. */
  readonly changedAt: string;
  /** Where packages are put. */
  readonly folder: string;
}

/**
 * Pack what was gathered into as many packages as it takes. Equal files give equal packages, to the byte and to the name.
 *
 * @throws {PackageTooLargeError} @throws {AddressInPackageError} @throws {CacheWriteError}
 */
export async function packFiles(
  files: readonly CollectedFile[],
  config: CollectedFile,
  options: PackOptions,
): Promise<StandingPackage[]> {
  const packages: StandingPackage[] = [];
  const waiting = planPackages(files, config, options.limits.uncompressedBytes);
  for (let held = waiting.shift(); held !== undefined; held = waiting.shift()) {
    const whole = await packOne(held, config, options);
    if (whole === undefined) waiting.unshift(...(await smaller(held, config, options)));
    else packages.push(whole);
  }
  fsyncDirectory(options.folder);
  return packages;
}

/** @returns undefined: it is too large, packed or not */
async function packOne(
  files: readonly CollectedFile[],
  config: CollectedFile,
  { limits, group, changedAt, folder }: PackOptions,
): Promise<StandingPackage | undefined> {
  const content = inOrder([config, ...files]);
  if (archiveBytes(content) > limits.uncompressedBytes) return undefined;
  const manifest = manifestText(content);
  const manifestSha256 = createHash('sha256').update(manifest).digest('hex');
  const checksums = checksumsText([...content, { name: MANIFEST_FILE, sha256: manifestSha256 }]);
  const [first, ...others] = content;
  const temporary = join(folder, `${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
  const { contentSha256, ...sizes } = await writeArchive(
    temporary,
    [
      { name: MANIFEST_FILE, text: manifest },
      { name: CHECKSUMS_FILE, text: checksums },
      first,
      ...others,
    ],
    new Date(changedAt),
  );
  if (sizes.sizeBytes > limits.packedBytes) {
    rmSync(temporary);
    return undefined;
  }
  // Of what is in it, not of how that was compressed: another version of zlib gives other bytes, and the same name.
  const name = `${group}-${compact(changedAt)}-${contentSha256.slice(0, 32)}.tar.gz`;
  renameSync(temporary, join(folder, name));
  return { name, group, ...sizes, files: content.map((file) => file.name), isShipped: false };
}

/** What did not fit, in two. */
async function smaller(
  files: readonly CollectedFile[],
  config: CollectedFile,
  { limits }: PackOptions,
): Promise<CollectedFile[][]> {
  if (files.length > 1) {
    const middle = Math.ceil(files.length / 2);
    return [files.slice(0, middle), files.slice(middle)];
  }
  const [file] = files;
  const halves = file.format === 'csv' ? await splitTable(file) : undefined;
  if (halves !== undefined) return halves.map((half) => [half]);
  const isLarge = archiveBytes([config, file]) > limits.uncompressedBytes;
  throw isLarge
    ? new PackageTooLargeError(file.name, '', limits.uncompressedBytes)
    : new PackageTooLargeError(file.name, ', packed', limits.packedBytes);
}

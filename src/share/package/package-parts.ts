import { compareCodePoints } from '../../summarize/text-order.js';

/** What planning has to know of a file. */
export interface PartFile {
  readonly name: string;
  readonly format: 'json' | 'csv';
  readonly version: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Names of files that are made for each package. */
export const CONFIG_FILE = 'config.json';
export const MANIFEST_FILE = 'manifest.json';
export const CHECKSUMS_FILE = 'checksums.sha256';

/** Which version of which collector each file is of. */
export function manifestText(files: readonly PartFile[]): string {
  const versions = Object.fromEntries(inOrder(files).map(({ name, version }) => [name, version]));
  return `${JSON.stringify(versions, null, 2)}\n`;
}

/** As `sha256sum -c` reads it. */
export function checksumsText(files: readonly Pick<PartFile, 'name' | 'sha256'>[]): string {
  return [...files]
    .sort((one, other) => compareCodePoints(one.name, other.name))
    .map(({ name, sha256 }) => `${sha256}  ${name}\n`)
    .join('');
}

/** JSON first, then tables; each by name. */
export function inOrder<T extends Pick<PartFile, 'name' | 'format'>>(files: readonly T[]): T[] {
  const rank = ({ format }: T): number => (format === 'json' ? 0 : 1);
  return [...files].sort(
    (one, other) => rank(one) - rank(other) || compareCodePoints(one.name, other.name),
  );
}

const BLOCK = 512;

/** What a file takes in an archive: a header, and its bytes in whole blocks. */
function entryBytes(sizeBytes: number): number {
  return BLOCK + Math.ceil(sizeBytes / BLOCK) * BLOCK;
}

/** Size of the archive of a package, to the byte. @param files with config.json among them */
export function archiveBytes(files: readonly PartFile[]): number {
  const manifest = Buffer.byteLength(manifestText(files));
  // A line of checksums for the manifest, too.
  const checksums = Buffer.byteLength(checksumsText(files)) + CHECKSUM_LINE + MANIFEST_FILE.length;
  const content = files.reduce((sum, { sizeBytes }) => sum + entryBytes(sizeBytes), 0);
  return content + entryBytes(manifest) + entryBytes(checksums) + 2 * BLOCK;
}

/** Without the name: 64 digits, two spaces and a line end. */
const CHECKSUM_LINE = 67;

/**
 * Which files go into which package: JSON first, and each file into the first package with room.
 *
 * @param config in every package
 * @returns files of each package, without `config`; one that fits into none has a package of its own
 */
export function planPackages<T extends PartFile>(
  files: readonly T[],
  config: PartFile,
  uncompressedBytes: number,
): T[][] {
  const packages: T[][] = [];
  for (const file of inOrder(files)) {
    const fitting = packages.find(
      (held) => archiveBytes([config, ...held, file]) <= uncompressedBytes,
    );
    if (fitting === undefined) packages.push([file]);
    else fitting.push(file);
  }
  return packages;
}

import { S3LogExtractionError } from '../../../cache/error.js';

/** How large packages may be. */
export interface PackageLimits {
  /** Of the archive, before it is compressed. */
  readonly uncompressedBytes: number;
  /** Of the file that is sent. */
  readonly packedBytes: number;
  /** Tables go on in another file before one is larger. */
  readonly tableBytes: number;
}

const MB = 1_000_000;

export const DEFAULT_LIMITS: PackageLimits = {
  uncompressedBytes: 200 * MB,
  packedBytes: 100 * MB,
  tableBytes: 48 * MB,
};

/** Less has no room for what every package has. */
const LEAST_BYTES = 8_000;

/** Limits that nothing fits into. */
export class PackageLimitsError extends S3LogExtractionError {
  constructor(what: string) {
    super(
      'INVALID_PACKAGE_LIMITS',
      `${what} must be a number of bytes, at least ${LEAST_BYTES}.`,
      { hint: 'Options are in megabytes: --max-size 200.' },
      2,
    );
  }
}

/**
 * @param given what differs from {@link DEFAULT_LIMITS}
 * @throws {PackageLimitsError}
 */
export function packageLimits(given: Partial<PackageLimits> = {}): PackageLimits {
  const uncompressedBytes = given.uncompressedBytes ?? DEFAULT_LIMITS.uncompressedBytes;
  const limits = {
    uncompressedBytes,
    packedBytes: given.packedBytes ?? DEFAULT_LIMITS.packedBytes,
    // Four fit into a package, with what else is in it.
    tableBytes:
      given.tableBytes ?? Math.min(DEFAULT_LIMITS.tableBytes, Math.floor(0.24 * uncompressedBytes)),
  };
  const named = { uncompressedBytes: 'The size of a package', packedBytes: 'Its packed size' };
  for (const [name, what] of Object.entries(named) as [keyof typeof named, string][]) {
    if (!(limits[name] >= LEAST_BYTES)) throw new PackageLimitsError(what);
  }
  if (!(limits.tableBytes >= 1)) throw new PackageLimitsError('The size of a table');
  return limits;
}

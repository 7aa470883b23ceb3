import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Undefined where the system has no such thing, as on Windows. */
const NO_WAIT = (constants.O_NONBLOCK as number | undefined) ?? 0;

/** Why a file that was named is not read; the message names no file and may be shown. */
export class GivenFileError extends Error {}

/**
 * Read a file that a user has named, or that stands where the user's own files do. It may be a link, but not a pipe, which might
 * never say anything, nor a device, which might never end.
 *
 * @throws {GivenFileError}
 * @throws {NodeJS.ErrnoException}
 */
export function readGivenFile(path: string | Buffer, mostBytes: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | NO_WAIT);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() && !stats.isDirectory()) {
      throw new GivenFileError('it is not a regular file');
    }
    if (stats.size > mostBytes) throw new GivenFileError(`it has more than ${mostBytes} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

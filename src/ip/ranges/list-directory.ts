import { statSync } from 'node:fs';
import { join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';
import { GivenFileError, readGivenFile } from '../../../cache/given-file.js';
import { decodeText } from './fetch-text.js';
import { UnusableListError } from './list-error.js';
import { type LoadedList, SERVICE_LISTS } from './service-lists.js';

/** SERVICE_RANGES_DIRECTORY is set, but names no folder that can be read. */
export class ServiceRangesDirectoryError extends S3LogExtractionError {
  constructor(directory: string, reason: string) {
    super(
      'SERVICE_RANGES_DIRECTORY',
      `Could not read the folder ${directory}, which SERVICE_RANGES_DIRECTORY names: ${reason}.`,
      { hint: `Put ${SERVICE_LISTS.map(({ file }) => file).join(', ')} there, or unset it.` },
    );
  }
}

/**
 * The lists in a folder. Their form must be right; how many ranges they have, and how old they are,
 * is up to whoever put them there.
 *
 * @throws {ServiceRangesDirectoryError}
 */
export function readListDirectory(directory: string, limitBytes: number): LoadedList[] {
  try {
    if (!statSync(directory).isDirectory()) {
      throw new ServiceRangesDirectoryError(directory, 'it is not a folder');
    }
  } catch (error) {
    if (error instanceof ServiceRangesDirectoryError) throw error;
    throw new ServiceRangesDirectoryError(directory, systemErrorCode(error) ?? 'unknown reason');
  }
  return SERVICE_LISTS.map((list) => {
    try {
      return { list, ranges: list.parse(readList(join(directory, list.file), limitBytes)) };
    } catch (error) {
      if (!(error instanceof UnusableListError)) throw error;
      return { list, ranges: undefined, problem: error.message };
    }
  });
}

function readList(path: string, limitBytes: number): string {
  let bytes: Uint8Array;
  try {
    bytes = readGivenFile(path, limitBytes);
  } catch (error) {
    if (error instanceof GivenFileError) {
      throw new UnusableListError(`${path} cannot be read: ${error.message}`);
    }
    throw new UnusableListError(`${path} cannot be read (${systemErrorCode(error) ?? 'unknown'})`);
  }
  return decodeText(bytes);
}

import type { LogPath } from '../source/log-path.js';
import type { FoundFile } from './read-log-file.js';

/** A log file to extract. */
export interface PlannedFile extends FoundFile {
  readonly name: string;
}

/** Many files as few values: objects take threads longer to hand over than the files to read. */
export interface PackedFiles {
  /** With a NUL between them, which no path holds. */
  readonly paths: string;
  readonly names: string;
  /** Of objects in a bucket. */
  readonly etags?: string | undefined;
  /** Size and time of modification of each. */
  readonly numbers: Float64Array;
}

export function packFiles(files: readonly PlannedFile[]): PackedFiles {
  const numbers = new Float64Array(2 * files.length);
  files.forEach((file, i) => {
    numbers[2 * i] = file.sizeBytes;
    numbers[2 * i + 1] = file.modifiedMs;
  });
  return {
    paths: files.map((file) => file.path).join('\0'),
    names: files.map((file) => file.name).join('\0'),
    numbers,
    ...(files[0]?.etag === undefined
      ? {}
      : { etags: files.map((file) => file.etag ?? '').join('\0') }),
  };
}

export function unpackFiles({ paths, names, etags, numbers }: PackedFiles): PlannedFile[] {
  const name = names.split('\0');
  const etag = etags?.split('\0');
  return paths.split('\0').map((path, i) => ({
    path: path as LogPath,
    name: name[i],
    sizeBytes: numbers[2 * i],
    modifiedMs: numbers[2 * i + 1],
    ...(etag === undefined ? {} : { etag: etag[i] }),
  }));
}

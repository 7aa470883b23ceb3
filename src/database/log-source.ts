import type { LineCutter } from '../extract/line-cutter.js';
import type { BucketAccess } from '../source/bucket/access.js';
import type { SourceProblem } from '../source/list-folder.js';
import type { LogPath } from '../source/log-path.js';

/** A log object as a source lists it. */
export interface LogObject {
  readonly kind: 'object';
  /** What opens it: a path, or a key. */
  readonly path: LogPath;
  /** Path below the source, which its name is made from. */
  readonly relativePath: LogPath;
  readonly sizeBytes: number;
  /** Whole milliseconds since 1970. */
  readonly modifiedMs: number;
  /** What tells one content of it from another, where the source has such a thing. */
  readonly etag?: string | undefined;
}

/** What became of a log object that was to be deleted. */
export type Removal = 'removed' | 'changed' | 'gone' | { readonly failed: string };

/** Where log objects come from. */
export interface LogSource {
  /** What is told and kept as where they came from; holds no secret. */
  readonly name: string;
  /** Everything there is, some hundred at a time. */
  list(): AsyncIterable<readonly (LogObject | SourceProblem)[]>;
  /** Delete what was read, unless it is no longer that. */
  remove(object: LogObject): Promise<Removal>;
  /** What a thread needs to read from it now; plain data, which may hold a secret. To be asked for each batch. */
  access(): Promise<ReaderAccess>;
  close(): void;
}

/** How a thread reads from a source. */
export type ReaderAccess =
  | { readonly kind: 'folder' }
  | { readonly kind: 'bucket'; readonly access: BucketAccess };

/** Feeds the whole content of one object, decompressed, to whom cuts it into lines, and finishes. */
export interface ObjectContent {
  /**
   * @param drain called after each piece and waited for, so that memory stays bounded
   * @returns bytes of content
   * @throws {UnreadableFileError} the object is no longer there or not what was listed, or damaged
   */
  feed(feeder: LineCutter, drain: () => Promise<void>): Promise<number>;
}

/** Reads log objects in a thread. */
export interface LogReader {
  /** Read objects one after the other; `each` feeds the content of the one that it is given. What it throws ends it. */
  readAll(
    objects: readonly LogObject[],
    access: ReaderAccess,
    each: (index: number, content: ObjectContent) => Promise<void>,
  ): Promise<void>;
  close(): void;
}

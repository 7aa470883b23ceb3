import type { LogPath } from '../log-path.js';
import { type ObjectRange, RANGE_BYTES } from './get-range.js';

/** An object, or what of it is asked for. */
export interface ObjectPart {
  readonly path: LogPath;
  readonly etag?: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** What is asked for at once, in its order. Of an empty part nothing is. */
export function* objectRanges({ path, etag = '', start, end }: ObjectPart): Generator<ObjectRange> {
  for (let at = start; at < end; at += RANGE_BYTES) {
    yield { path, etag, start: at, length: rangeLength(at, end) };
  }
}

/** Bytes of the range that begins there, of a part that ends at `end`. */
export function rangeLength(start: number, end: number): number {
  return Math.min(RANGE_BYTES, end - start);
}

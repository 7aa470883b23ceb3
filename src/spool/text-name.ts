import { createHash } from 'node:crypto';
import { type LogPath, storedPath } from '../source/log-path.js';

/** Room for the suffixes of a reason file that is being written. */
const LONGEST_NAME = 200;

/** A path as text, with room for suffixes: longer base names are cut, with some digits that tell them apart. */
export function textName(relativePath: LogPath): string {
  const path = storedPath(relativePath);
  const at = path.lastIndexOf('/') + 1;
  const base = path.slice(at);
  if (Buffer.byteLength(base) <= LONGEST_NAME) return path;
  const digits = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return `${path.slice(0, at)}${base.replace(/[^\x21-\x7e]/g, '_').slice(0, 150)}-${digits}`;
}

import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Where a path leads, as far as it is there: links on the way are followed, what is not there yet is taken as written. */
export function realPlace(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPlace(parent), basename(absolute));
  }
}

/** Where a file would be written that replaces whatever has its name: a link there is not followed. */
export function realFilePlace(path: string): string {
  const absolute = resolve(path);
  return join(realPlace(dirname(absolute)), basename(absolute));
}

/** Whether a path is that of a folder or leads below it. Both as {@link realPlace} gives them. */
export function isBelow(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return from !== '..' && !from.startsWith(`..${sep}`) && !isAbsolute(from);
}

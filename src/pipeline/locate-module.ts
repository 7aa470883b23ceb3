import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolvePackage } from './resolve-package.js';

/**
 * Where to import a module from that a user has named: a path as it stands; a package as it would be found from the folder of the file,
 * whatever folder this program is in.
 *
 * @param file that names it
 * @returns a URL
 * @throws {RangeError} of what is no module of a user
 * @throws when there is no such package
 */
export function locateModule(use: string, file: string): string {
  const isPath = use.startsWith('.') || isAbsolute(use);
  // Node would know it by that name alone, which is no path: it would be looked for in whatever folder this program is in.
  if (!isPath && isBuiltin(use)) throw new RangeError('it is a module of Node');
  const path = isPath ? resolve(dirname(file), use) : resolvePackage(use, file);
  // A pipe might never say anything, and a device never end.
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) throw new RangeError('it is not a regular file');
  return pathToFileURL(path).href;
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every file below a folder: path relative to it -> content. */
export function readTree(root: string): Map<string, string> {
  const tree = new Map<string, string>();
  if (!existsSync(root)) return tree;
  for (const path of filesBelow(root)) tree.set(relative(root, path), readFileSync(path, 'utf8'));
  return tree;
}

/** Every file below a folder: path relative to it -> what changes when it is written again. */
export function readStamps(root: string): Map<string, string> {
  const stamps = new Map<string, string>();
  for (const path of filesBelow(root)) {
    const { ino, mtimeMs } = statSync(path);
    stamps.set(relative(root, path), `${ino} ${mtimeMs}`);
  }
  return stamps;
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

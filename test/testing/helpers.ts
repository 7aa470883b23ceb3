import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

export function scratchDirectory(): string {
  return mkdtempSync(join(tmpdir(), 's3logextraction-testing-'));
}

/** Names (relative, sorted) and contents (Latin-1) of all files below a folder. */
export function filesBelow(folder: string): { name: string; content: string }[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ name: relative(folder, path), content: readFileSync(path, 'latin1') }));
}

/** One text for all spellings of an address, by way of the URL parser and not of our own code. */
export function canonicalAddress(text: string): string {
  const v6 = isIPv4(text) ? `::ffff:${text}` : text;
  return new URL(`http://[${v6}]/`).hostname;
}

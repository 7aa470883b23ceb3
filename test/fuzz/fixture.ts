import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CachePaths, cachePaths } from '../../cache/paths.js';
import { scratchDirectory } from '../support/scratch.js';

/** A cache of a real run, with every kind of file. */
export const CACHE = fileURLToPath(
  new URL('../fixtures/caches/1-rollups-2/cache', import.meta.url),
);

/** A copy of it, removed after the test. */
export function copyOfCache(): CachePaths {
  const paths = cachePaths(join(scratchDirectory(), 'cache'));
  cpSync(CACHE, paths.root, { recursive: true });
  return paths;
}

/** Its files in a folder whose names have a part. */
export function samplesIn(folder: string, part: string): Buffer[] {
  const names = readdirSync(join(CACHE, folder)).filter((name) => name.includes(part));
  return names.map((name) => readFileSync(join(CACHE, folder, name)));
}

export function put(path: string, bytes: Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}

const SEAL = /,"checksum":"[0-9a-f]*"\}\n$/;

/** A file without the checksum at its end: so mutations know it for JSON. */
export function bare(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('utf8').replace(SEAL, '}'));
}

/** With a checksum that is right: it was written so, by whoever. */
export function sealed(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8');
  const checksum = createHash('sha256').update(text, 'utf8').digest('hex');
  return Buffer.from(`${text.slice(0, -1)},"checksum":"${checksum}"}\n`);
}

/** What is recorded of a file, as if it had been written so. */
export function sealOf(file: string, bytes: Buffer) {
  return { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

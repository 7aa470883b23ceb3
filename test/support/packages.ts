import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';

/** A package, taken apart. */
export interface OpenedPackage {
  readonly name: string;
  readonly packedBytes: number;
  readonly uncompressedBytes: number;
  /** In the order of the archive. */
  readonly files: ReadonlyMap<string, string>;
  readonly headers: readonly object[];
}

export async function openPackage(name: string, bytes: Uint8Array): Promise<OpenedPackage> {
  const tar = gunzipSync(bytes);
  const files = new Map<string, string>();
  const headers: object[] = [];
  const extracting = extract();
  Readable.from([tar]).pipe(extracting);
  for await (const entry of extracting) {
    const pieces: Buffer[] = [];
    for await (const piece of entry) pieces.push(piece as Buffer);
    files.set(entry.header.name, Buffer.concat(pieces).toString('utf8'));
    const { mode, uid, gid, uname, gname, mtime } = entry.header;
    headers.push({ mode, uid, gid, uname, gname, mtime: mtime?.toISOString() });
  }
  return { name, packedBytes: bytes.length, uncompressedBytes: tar.length, files, headers };
}

/** All packages in a folder, by name; each has to be what its checksum says. */
export async function packagesIn(folder: string): Promise<OpenedPackage[]> {
  const names = readdirSync(folder).sort();
  const packages = names.filter((name) => name.endsWith('.tar.gz'));
  const opened: OpenedPackage[] = [];
  for (const name of packages) {
    const bytes = readFileSync(join(folder, name));
    const sum = createHash('sha256').update(bytes).digest('hex');
    if (readFileSync(join(folder, `${name}.sha256`), 'utf8') !== `${sum}  ${name}\n`) {
      throw new Error(`The checksum of ${name} is another.`);
    }
    opened.push(await openPackage(name, bytes));
  }
  if (names.length !== 2 * packages.length) throw new Error(`Something else is in ${folder}.`);
  return opened;
}

/** A file that all packages must agree on, if more than one has it; undefined: none has. */
export function fileIn(packages: readonly OpenedPackage[], name: string): string | undefined {
  const found = new Set(packages.flatMap(({ files }) => files.get(name) ?? []));
  if (found.size > 1) throw new Error(`Packages have different files ${name}.`);
  return [...found][0];
}

/** Rows of a table that may be in several files, the header once, first. */
export function tableIn(packages: readonly OpenedPackage[], stem: string): string[] {
  const files = packages
    .flatMap(({ files }) => [...files])
    .filter(([name]) => name.startsWith(stem) && name.endsWith('.csv'))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const headers = new Set(files.map(([, text]) => text.split('\n', 1)[0]));
  if (headers.size > 1) throw new Error('Parts of a table have different headers.');
  return [...headers, ...files.flatMap(([, text]) => text.split('\n').slice(1, -1))];
}

/** Checks what every package must be: its manifest and checksums name all files, and no other. */
export function requireConsistent({ files }: OpenedPackage): void {
  const manifest = JSON.parse(files.get('manifest.json') ?? '') as Record<string, string>;
  const own = ['manifest.json', 'checksums.sha256'];
  const named = [...files.keys()].filter((name) => !own.includes(name)).sort();
  if (JSON.stringify(Object.keys(manifest).sort()) !== JSON.stringify(named)) {
    throw new Error(`The manifest names ${Object.keys(manifest)}, and there are ${named}.`);
  }
  const sums = [...files]
    .filter(([name]) => name !== 'checksums.sha256')
    .map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`)
    .sort((one, other) => (one.slice(66) < other.slice(66) ? -1 : 1));
  if (files.get('checksums.sha256') !== sums.join('')) throw new Error('Checksums are others.');
  if (!named.includes('config.json') || named.length < 2) throw new Error(`There is but ${named}.`);
}

import { createHash } from 'node:crypto';
import { foldedName } from './folded-name.js';

/** Longest folder name, in bytes of UTF-8; file systems take 255. */
const LONGEST_BYTES = 200;
/** What is kept of a longer one, so that it can still be read. */
const PREFIX_BYTES = 160;

/**
 * The folder of a dataset below `summaries/`: one safe file name, another for each dataset.
 *
 * A safe name stands as it is, `%` and all, so that `a%2520b` is where the peer's readers look for
 * it. In an unsafe one (`archive`, `..`, `a"b`, `NUL`, nothing at all) bytes are written `%XX`;
 * and so is `%`, then. A name that looks like the result for another dataset (`%61rchive`)
 * counts as unsafe. A long name is cut and gets `%-` and 32 digits of its SHA-256.
 *
 * Different datasets have different folders on file systems that tell upper from lower case, and one normal form from
 * another; for those that do not see {@link datasetFolders}. No folder is, to either kind, one of the names that are something else.
 */
export function datasetFolder(dataset: string): string {
  return shortened(needsEncoding(dataset) ? encode(dataset) : dataset, dataset);
}

/**
 * Folders of all datasets of an archive: as {@link datasetFolder} says, unless some file system would take two of them for one
 * (`ds1` and `DS1`). Of such, the one in lower-case ASCII keeps its folder; in the others capitals, `%` and what is not ASCII
 * are written `%XX`, with `%=` behind. So what other datasets there are decides, and not which came first.
 */
export function datasetFolders(datasets: Iterable<string>): (dataset: string) => string {
  const folders = new Map<string, string>();
  const groups = new Map<string, string[]>();
  for (const dataset of new Set(datasets)) {
    const folder = datasetFolder(dataset);
    folders.set(dataset, folder);
    const name = foldedName(folder);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [dataset]);
    else group.push(dataset);
  }
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    for (const dataset of group) folders.set(dataset, folderApart(dataset));
  }
  return (dataset) => folders.get(dataset) ?? datasetFolder(dataset);
}

/** Where names that differ in their case alone, or their normal form, do not meet. */
function folderApart(dataset: string): string {
  const folder = datasetFolder(dataset);
  if (!/[A-Z]|[^\0-\x7f]/.test(folder)) return folder;
  return shortened(`${folder.replace(/[%A-Z]|[^\0-\x7f]/gu, percent)}%=`, dataset);
}

function shortened(name: string, dataset: string): string {
  if (Buffer.byteLength(name) <= LONGEST_BYTES) return name;
  const digest = createHash('sha256').update(dataset, 'utf8').digest('hex');
  return `${cut(name, PREFIX_BYTES)}%-${digest.slice(0, 32)}`;
}

/** In `summaries/` these are something else, however they are written. */
const RESERVED = new Set([
  '',
  '.',
  '..',
  'archive',
  'totals.json',
  'archive_totals.json',
  'region_codes_to_coordinates.json',
  'region_codes_to_coordinates.yaml',
]);

/**
 * Control characters, separators, what Windows forbids, line and paragraph separator, and what shows no character of its
 * own: marks that turn the direction of text or join letters, which some file systems ignore.
 */
const UNSAFE_CHARACTER =
  /[\u0000-\u001f\u007f-\u009f/\\<>:"|?*\u2028\u2029\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu;

/** A start that hides a file, reads as an option or formula, or as a home directory. */
const UNSAFE_START = /^[.\-=~]/;
/** An end that Windows drops, or that marks a file as being written (FORMAT.md W1). */
const UNSAFE_END = /(?:[ .]|\.tmp)$/;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\.|$)/i;
/** How long names, the empty name and {@link folderApart} are written: no other name may look so. */
const OWN_MARK = /%-[0-9a-f]{32}$|^%empty$|%=$/i;

function isUnsafe(name: string): boolean {
  return (
    RESERVED.has(foldedName(name)) ||
    name.search(UNSAFE_CHARACTER) !== -1 ||
    UNSAFE_START.test(name) ||
    UNSAFE_END.test(name) ||
    WINDOWS_DEVICE.test(name) ||
    OWN_MARK.test(name)
  );
}

/** Unsafe, or equal to what another dataset that needs encoding is encoded as. */
function needsEncoding(name: string): boolean {
  if (isUnsafe(name)) return true;
  // Each step back is shorter, and only one that encodes to this very name leads further back.
  const other = decode(name);
  if (other === undefined || other === name || other.includes('/')) return false;
  return encode(other) === name && needsEncoding(other);
}

/** Write unsafe characters, and `%`, as `%XX`; always at least one, and the result is safe. */
function encode(name: string): string {
  if (name === '') return '%empty';
  const characters = name.replaceAll('%', '%25').replace(UNSAFE_CHARACTER, percent);
  const end = UNSAFE_END.exec(characters);
  const safeEnd = end === null ? characters : percentAt(characters, end.index);
  // What is still unsafe is so because of how it starts, and starts with an ASCII character.
  return isUnsafe(safeEnd) ? percentAt(safeEnd, 0) : safeEnd;
}

function percentAt(name: string, at: number): string {
  return `${name.slice(0, at)}${percent(name[at] as string)}${name.slice(at + 1)}`;
}

function percent(character: string): string {
  return Array.from(
    Buffer.from(character, 'utf8'),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** Undo {@link encode}; undefined for what it never writes. */
function decode(name: string): string | undefined {
  if (!name.includes('%')) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** The first bytes of an encoded name; never half a character or half an escape. */
function cut(name: string, bytes: number): string {
  let end = 0;
  let size = 0;
  for (const piece of name.match(/%[0-9A-F]{2}|./gsu) ?? []) {
    size += Buffer.byteLength(piece);
    if (size > bytes) break;
    end += piece.length;
  }
  return name.slice(0, end);
}

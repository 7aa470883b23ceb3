import { createHash } from 'node:crypto';

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
 * Different datasets have different folders on file systems that tell upper from lower case.
 */
export function datasetFolder(dataset: string): string {
  const name = needsEncoding(dataset) ? encode(dataset) : dataset;
  if (Buffer.byteLength(name) <= LONGEST_BYTES) return name;
  const digest = createHash('sha256').update(dataset, 'utf8').digest('hex');
  return `${cut(name, PREFIX_BYTES)}%-${digest.slice(0, 32)}`;
}

/** In `summaries/` these are something else. */
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
 * Control characters, separators, what Windows forbids, and marks that turn the direction of
 * text: bidirectional controls, line and paragraph separator, byte order mark.
 */
const UNSAFE_CHARACTER =
  /[\u0000-\u001f\u007f-\u009f/\\<>:"|?*\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** A start that hides a file, reads as an option or formula, or as a home directory. */
const UNSAFE_START = /^[.\-=~]/;
/** An end that Windows drops, or that marks a file as being written (FORMAT.md W1). */
const UNSAFE_END = /(?:[ .]|\.tmp)$/;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\.|$)/i;
/** How long names and the empty name are written: no other name may look so. */
const OWN_MARK = /%-[0-9a-f]{32}$|^%empty$/;

function isUnsafe(name: string): boolean {
  return (
    RESERVED.has(name) ||
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

const BLOBS = 'blobs/';
const ZARR = 'zarr/';
const SLASH = 0x2f;
const DASH = 0x2d;
const UUID_BYTES = 36;
const DASHES: ReadonlySet<number> = new Set([8, 13, 18, 23]);
/** `blobs/`, two folders named by the first six digits, and the UUID. */
const BLOB_KEY_BYTES = BLOBS.length + 8 + UUID_BYTES;

/**
 * How much of a key is kept of the logs of a DANDI archive, whose buckets hold content under
 * `blobs/abc/def/abcdef01-…` (lower-case UUIDs) and Zarr stores, of many objects each, under
 * `zarr/<id>/…`. A blob's key is kept as it is; of a Zarr store `zarr/<id>`; all else is no content.
 *
 * @param bytes `key` from `start` up to `end`, as the log shows it
 * @returns number of bytes kept, 0 for none
 */
export function contentKeyLength(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === BLOB_KEY_BYTES && startsWith(bytes, start, BLOBS)) {
    return isBlobPath(bytes, start + BLOBS.length) ? BLOB_KEY_BYTES : 0;
  }
  if (end - start <= ZARR.length || !startsWith(bytes, start, ZARR)) return 0;
  const id = start + ZARR.length;
  const slash = bytes.subarray(0, end).indexOf(SLASH, id);
  const kept = slash === -1 ? end : slash;
  return kept === id ? 0 : kept - start;
}

function isBlobPath(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 3] !== SLASH || bytes[at + 7] !== SLASH) return false;
  const uuid = at + 8;
  for (let i = 0; i < UUID_BYTES; i++) {
    const byte = bytes[uuid + i];
    if (DASHES.has(i) ? byte !== DASH : !isHex(byte)) return false;
  }
  return [0, 1, 2].every(
    (i) => bytes[at + i] === bytes[uuid + i] && bytes[at + 4 + i] === bytes[uuid + 3 + i],
  );
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * Which keys are content of a DANDI archive, and how much of each is kept; the same as
 * src/extract/content-key.ts, which explains it.
 */

/** Bytes of `blobs/xxx/yyy/` and a UUID. */
const BLOB_KEY_BYTES: usize = 50;

const SLASH: u8 = 0x2f;
const DASH: u8 = 0x2d;

/** @returns how many bytes of a key are kept, 0 when the record is not */
export function contentKeyLength(key: usize, length: usize): usize {
  // `blobs/` and `zarr/`, as little-endian numbers.
  if (length === BLOB_KEY_BYTES && load<u32>(key) === 0x626f6c62 && load<u16>(key, 4) === 0x2f73) {
    return isBlobPath(key + 6) ? length : 0;
  }
  if (length > 5 && load<u32>(key) === 0x7272617a && load<u8>(key, 4) === SLASH) {
    return zarrLength(key, length);
  }
  return 0;
}

/** `xxx/yyy/` and a UUID that begins with these six digits. */
function isBlobPath(at: usize): bool {
  if (load<u8>(at, 3) !== SLASH || load<u8>(at, 7) !== SLASH) return false;
  const uuid = at + 8;
  for (let i: usize = 0; i < 36; i++) {
    const byte = load<u8>(uuid + i);
    const isDash = i === 8 || i === 13 || i === 18 || i === 23;
    if (isDash ? byte !== DASH : !isHex(byte)) return false;
  }
  for (let i: usize = 0; i < 3; i++) {
    if (load<u8>(at + i) !== load<u8>(uuid + i)) return false;
    if (load<u8>(at + i, 4) !== load<u8>(uuid + i, 3)) return false;
  }
  return true;
}

function isHex(byte: u8): bool {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

/** Up to the slash behind the store's id. */
function zarrLength(key: usize, length: usize): usize {
  let end: usize = 5;
  while (end < length && load<u8>(key + end) !== SLASH) end++;
  return end === 5 ? 0 : end;
}

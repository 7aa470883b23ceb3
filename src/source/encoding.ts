/** How a log file is stored (cache/FORMAT.md section 7); `unknown` of what was taken over from another program. */
export const ENCODING = { plain: 0, gzip: 1, zstd: 2, unknown: 3 } as const;
export type Encoding = (typeof ENCODING)[keyof typeof ENCODING];

/** Bytes needed to tell. */
export const SIGNATURE_BYTES = 4;

/** Tell by content: a name may say anything. A log line begins with neither signature. */
export function detectEncoding(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08) return ENCODING.gzip;
  if (bytes.length >= 4) {
    const [a, b, c, d] = bytes;
    if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return ENCODING.zstd;
    // A skippable frame may come first.
    if ((a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) return ENCODING.zstd;
  }
  return ENCODING.plain;
}

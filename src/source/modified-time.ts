/**
 * When a file was modified, in whole milliseconds since 1970. File systems may hold times that no clock
 * shows: they are brought into what numbers are exact for.
 */
export function modifiedTime(stats: { readonly mtimeMs: number }): number {
  return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Math.floor(stats.mtimeMs)));
}

import type { LogPath } from '../log-path.js';

/**
 * The key of an inventory in CSV, which is URL-encoded: `+` or `%20` for a space, `%2B` for a plus sign.
 *
 * @param text one character a byte
 * @returns undefined when an escape is none
 */
export function decodeInventoryKey(text: string): LogPath | undefined {
  if (!/[%+]/.test(text)) return text as LogPath;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const spaced = text.replaceAll('+', ' ');
  return spaced.replace(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  ) as LogPath;
}

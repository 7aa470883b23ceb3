import type { CodedRange } from './range-table.js';
import { readBlock } from './read-entry.js';

/**
 * A list of VPN and data centre ranges, code `VPN`: one range or address a line, IPv4 and IPv6 in
 * any order; empty lines and what follows a `#` are ignored.
 *
 * @throws {UnusableListError}
 */
export function parseVpn(text: string): CodedRange[] {
  const ranges: CodedRange[] = [];
  text.split('\n').forEach((line, at) => {
    const comment = line.indexOf('#');
    const entry = (comment < 0 ? line : line.slice(0, comment)).trim();
    if (entry !== '') ranges.push({ ...readBlock(entry, `line ${at + 1}`), code: 'VPN' });
  });
  return ranges;
}

import type { CodedRange } from './range-table.js';
import { readArray, readBlock, readCode, readJsonObject, readObject } from './read-entry.js';

/**
 * The ranges of AWS's `ip-ranges.json` (VPC user guide, "AWS IP address ranges"): code
 * `AWS/<region>`, and `AWS/GLOBAL` where AWS says that a range has no region.
 *
 * @throws {UnusableListError}
 */
export function parseAws(text: string): CodedRange[] {
  const root = readJsonObject(text);
  return [
    ...readPrefixes(root.prefixes, 'prefixes', 'ip_prefix'),
    ...(root.ipv6_prefixes === undefined
      ? []
      : readPrefixes(root.ipv6_prefixes, 'ipv6_prefixes', 'ipv6_prefix')),
  ];
}

function readPrefixes(value: unknown, name: string, member: string): CodedRange[] {
  return readArray(value, name).map((entry, at) => {
    const where = `${name}[${at}]`;
    const prefix = readObject(entry, where);
    return { ...readBlock(prefix[member], where), code: readCode('AWS', prefix.region, where) };
  });
}

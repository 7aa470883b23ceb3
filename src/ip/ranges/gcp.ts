import type { CodedRange } from './range-table.js';
import { readArray, readBlock, readCode, readJsonObject, readObject } from './read-entry.js';

/**
 * The ranges of Google's `cloud.json`, which customers of Google Cloud use: code `GCP/<scope>`.
 *
 * @throws {UnusableListError}
 */
export function parseGcp(text: string): CodedRange[] {
  return readArray(readJsonObject(text).prefixes, 'prefixes').map((entry, at) => {
    const where = `prefixes[${at}]`;
    const prefix = readObject(entry, where);
    const block = readBlock(prefix.ipv4Prefix ?? prefix.ipv6Prefix, where);
    return { ...block, code: readCode('GCP', prefix.scope, where) };
  });
}

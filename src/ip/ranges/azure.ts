import { blockAt, type Cidr } from './cidr.js';
import type { CodedRange } from './range-table.js';
import { readArray, readBlock, readCode, readJsonObject, readObject } from './read-entry.js';

/** The tag of all public addresses of Azure's data centres. */
const EVERYTHING = 'AzureCloud';

/**
 * The ranges of `ServiceTags_Public_<date>.json` ("Azure IP Ranges and Service Tags - Public
 * Cloud"). A tag with a region (`AzureCloud.westeurope`, `Storage.WestEurope`) gives
 * `Azure/<region>`, where the region is the file's own short name (`westeurope`, `germanywc`). Of
 * the tags without one only `AzureCloud` counts: what it has and no regional tag covers is `Azure`.
 * Other tags without a region are selections by service from the same addresses and say nothing new.
 *
 * @throws {UnusableListError}
 */
export function parseAzure(text: string): CodedRange[] {
  const regional: CodedRange[] = [];
  const everywhere: CodedRange[] = [];
  readArray(readJsonObject(text).values, 'values').forEach((value, at) => {
    const tag = readObject(value, `values[${at}]`);
    const properties = readObject(tag.properties, `values[${at}].properties`);
    const region = properties.region ?? '';
    if (region === '' && tag.name !== EVERYTHING) return;
    const code = region === '' ? 'Azure' : readCode('Azure', region, `values[${at}]`);
    const into = region === '' ? everywhere : regional;
    readArray(properties.addressPrefixes, `values[${at}].addressPrefixes`).forEach((prefix, n) => {
      into.push({ ...readBlock(prefix, `values[${at}].addressPrefixes[${n}]`), code });
    });
  });
  const known = new Set(regional.map(keyOf));
  return [...regional, ...everywhere.filter((range) => !isCovered(range, known))];
}

/** Whether the block is one of the known ones or lies in one. */
function isCovered(range: Cidr, known: ReadonlySet<string>): boolean {
  for (let length = range.length; length > 0; length--) {
    if (known.has(keyOf(blockAt(range.words, length)))) return true;
  }
  return false;
}

function keyOf(range: Cidr): string {
  return `${range.words.join(':')}/${range.length}`;
}

import { parseAws } from './aws.js';
import { parseAzure } from './azure.js';
import { parseGcp } from './gcp.js';
import { parseGitHub } from './github.js';
import { UnusableListError } from './list-error.js';
import type { CodedRange } from './range-table.js';
import { parseVpn } from './vpn.js';

/** A list of ranges that a service publishes. */
export interface ServiceList {
  readonly name: 'GitHub' | 'AWS' | 'GCP' | 'Azure' | 'VPN';
  /** Its file name in the cache and in `SERVICE_RANGES_DIRECTORY`. */
  readonly file: string;
  /** Names the environment variable with other addresses to download it from. */
  readonly variable: string;
  /** Where it is published; of several, the list is all of them together. */
  readonly urls: readonly string[];
  /** The published list has always had many times more; one with fewer is an accident. */
  readonly fewestRanges: number;
  /** @throws {UnusableListError} */
  parse(text: string): CodedRange[];
  /** The address of the list itself, when the address published is that of a page that links to it. */
  readonly link?: RegExp;
  /** What to do when it cannot be had, one sentence. */
  readonly hint?: string;
}

/** What became of a list. */
export interface LoadedList {
  readonly list: ServiceList;
  /** Undefined when the list could not be had. */
  readonly ranges: readonly CodedRange[] | undefined;
  /** Why it, or its current version, could not be had. */
  readonly problem?: string;
  /** When the old copy that is used instead was current, in ms since 1970. */
  readonly copyOf?: number;
}

/** The lists, in the order in which they go first where ranges are equal. */
export const SERVICE_LISTS: readonly ServiceList[] = [
  {
    name: 'GitHub',
    file: 'github.json',
    variable: 'SERVICE_RANGES_URL_GITHUB',
    urls: ['https://api.github.com/meta'],
    fewestRanges: 50,
    parse: parseGitHub,
  },
  {
    name: 'AWS',
    file: 'aws.json',
    variable: 'SERVICE_RANGES_URL_AWS',
    urls: ['https://ip-ranges.amazonaws.com/ip-ranges.json'],
    fewestRanges: 1000,
    parse: parseAws,
  },
  {
    name: 'GCP',
    file: 'gcp.json',
    variable: 'SERVICE_RANGES_URL_GCP',
    urls: ['https://www.gstatic.com/ipranges/cloud.json'],
    fewestRanges: 100,
    parse: parseGcp,
  },
  {
    name: 'Azure',
    file: 'azure.json',
    variable: 'SERVICE_RANGES_URL_AZURE',
    // The file has another address each week; this page links to the current one.
    urls: ['https://www.microsoft.com/en-us/download/details.aspx?id=56519'],
    fewestRanges: 1000,
    parse: parseAzure,
    link: /https?:\/\/[^\s"'<>\\]{1,400}\/ServiceTags_Public_\d{8}\.json/,
    hint: 'Download "Azure IP Ranges and Service Tags - Public Cloud" from Microsoft, and name its address in SERVICE_RANGES_URL_AZURE.',
  },
  {
    name: 'VPN',
    file: 'vpn.txt',
    variable: 'SERVICE_RANGES_URL_VPN',
    urls: [
      'https://raw.githubusercontent.com/josephrocca/is-vpn/main/vpn-or-datacenter-ipv4-ranges.txt',
      'https://raw.githubusercontent.com/josephrocca/is-vpn/main/vpn-or-datacenter-ipv6-ranges.txt',
    ],
    fewestRanges: 1000,
    parse: parseVpn,
  },
];

/**
 * Parse a list that somebody else serves: besides its form, it must have the size of the real one.
 *
 * @throws {UnusableListError}
 */
export function parsePublished(list: ServiceList, text: string): CodedRange[] {
  const ranges = list.parse(text);
  if (ranges.length < list.fewestRanges) {
    throw new UnusableListError(`it has only ${ranges.length} ranges, which cannot be all`);
  }
  return ranges;
}

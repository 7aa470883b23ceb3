import { createHash } from 'node:crypto';
import { type FetchedText, type FetchTextOptions, fetchText } from './fetch-text.js';
import { UnusableListError } from './list-error.js';
import type { ServiceList } from './service-lists.js';

/** ETags by the SHA-256 of the address they were given for: addresses may hold tokens. */
export type Etags = Readonly<Record<string, string>>;

export interface DownloadedList {
  readonly text: string;
  readonly etags: Etags;
}

/**
 * Download a list: all its parts, or nothing when none has changed.
 *
 * @param known ETags of the copy in hand; empty when there is none
 * @returns undefined when the copy in hand is still current
 * @throws {UnusableListError}
 */
export async function downloadList(
  list: ServiceList,
  urls: readonly string[],
  known: Etags,
  options: FetchTextOptions,
): Promise<DownloadedList | undefined> {
  const get = (etags: Etags) => Promise.all(urls.map((url) => getPart(list, url, etags, options)));
  let parts = await get(known);
  if (parts.every((part) => part.fetched === undefined)) return undefined;
  // The copy in hand is one text: a part of it cannot stand in for a part that has not changed.
  if (parts.some((part) => part.fetched === undefined)) parts = await get({});
  const texts = parts.map((part) => part.fetched?.text ?? '');
  if (texts.some((text) => text.trim() === '')) throw new UnusableListError('the answer is empty');
  const etags = parts.flatMap(({ url, fetched }) =>
    fetched?.etag === undefined ? [] : [[sha256(url), fetched.etag] as const],
  );
  return { text: texts.join('\n'), etags: Object.fromEntries(etags) };
}

interface Part {
  /** Where the part itself came from. */
  readonly url: string;
  readonly fetched: FetchedText | undefined;
}

async function getPart(
  list: ServiceList,
  url: string,
  known: Etags,
  options: FetchTextOptions,
): Promise<Part> {
  const fetched = await fetchText(url, known[sha256(url)], options);
  if (fetched === undefined || list.link === undefined || !/^\s*</.test(fetched.text)) {
    return { url, fetched };
  }
  const link = list.link.exec(fetched.text)?.[0];
  if (link === undefined || !isTrusted(new URL(link), new URL(url))) {
    throw new UnusableListError('the page that should link to it does not');
  }
  return { url: link, fetched: await fetchText(link, known[sha256(link)], options) };
}

/** A page may only send us on to its own server or to Microsoft's for downloads. */
function isTrusted(link: URL, page: URL): boolean {
  return link.origin === page.origin || link.origin === 'https://download.microsoft.com';
}

/** Hex SHA-256. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

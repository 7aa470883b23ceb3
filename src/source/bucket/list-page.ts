/** An object as it is listed. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Whole milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly etag: string;
}

/** A page of a listing, its objects taken out of the answer. */
export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** The answer without them. */
  readonly rest: string;
}

const OPEN = '<Contents>';
const CLOSE = '</Contents>';

/**
 * Take the objects out of an answer to ListObjectsV2, with keys in the encoding of URLs. The SDK reads the rest: it would take ten
 * times as long for these, which of a bucket of millions of known logs is most of all there is to do.
 *
 * @returns undefined for what is not written as S3 writes it: the SDK may know better
 */
export function takeObjects(xml: string): ListPage | undefined {
  const objects: ListedObject[] = [];
  let rest = '';
  let end = 0;
  for (let at = xml.indexOf(OPEN); at >= 0; at = xml.indexOf(OPEN, end)) {
    rest += xml.slice(end, at);
    const close = xml.indexOf(CLOSE, at);
    if (close < 0) return undefined;
    const object = objectOf(xml.slice(at + OPEN.length, close));
    if (object === undefined) return undefined;
    objects.push(object);
    end = close + CLOSE.length;
  }
  return { objects, rest: rest + xml.slice(end) };
}

function objectOf(xml: string): ListedObject | undefined {
  const key = textOf(xml, 'Key');
  const size = textOf(xml, 'Size');
  const modifiedMs = Date.parse(textOf(xml, 'LastModified') ?? '');
  if (key === undefined || !/^\d{1,15}$/.test(size ?? '') || Number.isNaN(modifiedMs)) {
    return undefined;
  }
  const etag = textOf(xml, 'ETag') ?? '';
  return { key: decodeKey(key), sizeBytes: Number(size), modifiedMs, etag };
}

function textOf(xml: string, tag: string): string | undefined {
  const start = xml.indexOf(`<${tag}>`);
  const end = xml.indexOf(`</${tag}>`, start);
  if (start < 0 || end < 0) return undefined;
  const text = xml.slice(start + tag.length + 2, end);
  return text.includes('&') ? text.replace(/&(?:quot|apos|lt|gt|amp|#34|#39);/g, entity) : text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&#34;': '"',
  '&apos;': "'",
  '&#39;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

function entity(name: string): string {
  return ENTITIES[name] ?? name;
}

/** Keys are listed in the encoding of URLs, because XML cannot hold all of them. */
export function decodeKey(key: string): string {
  if (!/[%+]/.test(key)) return key;
  try {
    return decodeURIComponent(key.replace(/\+/g, ' '));
  } catch {
    return key;
  }
}

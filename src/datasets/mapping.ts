import type { ContentPlace } from '../../cache/datasets/content-map.js';
import { UNDETERMINED } from '../../cache/datasets/joined-key.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { SharedContent } from '../../cache/settings.js';

/** Content id -> dandiset -> the paths of its assets that are this content. */
export type ContentLinks = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** A mapping of content is not what it should be, or cannot be had. */
export class MappingError extends S3LogExtractionError {
  constructor(source: string, why: string, cause?: unknown) {
    super('MAPPING_UNUSABLE', `The mapping of content from ${source} cannot be used: ${why}.`, {
      cause,
      hint: 'Name another with --mapping FILE or --mapping URL, or have it made with --api-url URL.',
    });
  }
}

/**
 * Read a mapping as it is published: JSON, `{"<content>": {"<dandiset>": "<path>"}}`, where several paths may stand in a list.
 *
 * @param source for messages
 * @throws {MappingError}
 */
export function parseMapping(text: string, source: string): ContentLinks {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MappingError(source, 'it is not JSON');
  }
  if (!isObject(value)) throw new MappingError(source, 'it is not a JSON object');
  const links = new Map<string, Map<string, readonly string[]>>();
  for (const [content, datasets] of Object.entries(value)) {
    if (!isObject(datasets))
      throw new MappingError(source, `${name(content)} is linked to nothing`);
    const own = new Map<string, readonly string[]>();
    for (const [dataset, path] of Object.entries(datasets)) {
      const paths: unknown[] = Array.isArray(path) ? path : [path];
      const areTexts = paths.every((one) => typeof one === 'string' && one !== '');
      if (!areTexts || paths.length === 0 || dataset === '') {
        throw new MappingError(source, `${name(content)} has a dandiset or path that is no text`);
      }
      own.set(dataset, paths as string[]);
    }
    links.set(content, own);
  }
  requireContents(links, source);
  return links;
}

/** Blobs and Zarr stores of DANDI archives are named by UUIDs. */
const CONTENT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What would make all content unassociated is no mapping. */
function requireContents(links: ContentLinks, source: string): void {
  if (links.size === 0) throw new MappingError(source, 'it is empty');
  for (const [content, datasets] of links) {
    if (datasets.size > 0 && CONTENT_ID.test(content)) return;
  }
  throw new MappingError(source, 'it links no id of content (a UUID) to a dandiset');
}

/**
 * Where each content belongs. That of one dandiset is an asset of it, named {@link UNDETERMINED} when it
 * has several paths there; that of several dandisets is in {@link UNDETERMINED} by its id, or in the one with the
 * lowest id. What is linked to nothing has no place.
 *
 * @throws {MappingError} names that are too long
 */
export function placesOf(
  links: ContentLinks,
  shared: SharedContent,
  source: string,
): ContentPlace[] {
  const places: ContentPlace[] = [];
  for (const [content, datasets] of links) {
    const place = placeOf(content, datasets, shared);
    if (place === undefined) continue;
    const { dataset, path } = place;
    if ([content, dataset, path].some((text) => Buffer.byteLength(text) > LONGEST_NAME)) {
      throw new MappingError(
        source,
        `${name(content)} has a name of more than ${LONGEST_NAME} bytes`,
      );
    }
    places.push(place);
  }
  return places;
}

const LONGEST_NAME = 4096;

function placeOf(
  content: string,
  datasets: ReadonlyMap<string, readonly string[]>,
  shared: SharedContent,
): ContentPlace | undefined {
  const names = [...datasets.keys()].sort();
  if (names.length === 0) return undefined;
  if (names.length > 1 && shared === 'undetermined') {
    return { content, dataset: UNDETERMINED, path: content };
  }
  const dataset = names[0] as string;
  const paths = [...new Set(datasets.get(dataset))].sort();
  const path = paths.length === 1 || shared === 'first' ? (paths[0] as string) : UNDETERMINED;
  return { content, dataset, path };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A content's id for a message: short, and nothing that moves a cursor. */
function name(content: string): string {
  return JSON.stringify(content.slice(0, 64));
}

import { S3LogExtractionError } from '../../../cache/error.js';
import { isBelow, realPlace } from '../../../cache/real-place.js';
import { isBucketUrl, parseBucketUrl } from '../../source/bucket/bucket-url.js';

/** Where packages go. */
export type Destination =
  | { readonly kind: 'folder'; readonly path: string; readonly shown: string; readonly id: string }
  | { readonly kind: 'ingress'; readonly url: URL; readonly shown: string; readonly id: string }
  | { readonly kind: 'bucket'; readonly url: string; readonly shown: string; readonly id: string };

/** `--to` names nothing that packages could go to. It is not repeated: an address may hold secrets. */
export class DestinationError extends S3LogExtractionError {
  constructor(why: string, hint = 'Name a folder, https://host/path or s3://bucket/folder.') {
    super('INVALID_DESTINATION', `Packages cannot go there: ${why}.`, { hint }, 2);
  }
}

const LONGEST_URL = 2_000;

/**
 * @param to a folder, `https://host/path` or `s3://bucket/folder`
 * @param cacheRoot packages do not go into the cache
 * @param endpoint of another store than AWS, which is another destination
 * @throws {DestinationError} @throws {BucketUrlError}
 */
export function parseDestination(
  to: string,
  cacheRoot: string,
  endpoint?: string | undefined,
): Destination {
  if (to.trim() === '' || /\0/.test(to)) throw new DestinationError('that is no name');
  if (isBucketUrl(to)) {
    const { url } = parseBucketUrl(to);
    return { kind: 'bucket', url, shown: url, id: `${url} ${endpoint ?? ''}` };
  }
  if (/^https?:/i.test(to)) return parseIngress(to);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(to)) throw new DestinationError('of that kind is none');
  const path = realPlace(to);
  if (isBelow(path, realPlace(cacheRoot))) {
    throw new DestinationError('that folder is in the cache', 'Name a folder outside of it.');
  }
  return { kind: 'folder', path, shown: path, id: path };
}

function parseIngress(to: string): Destination {
  const url = /^https?:\/\/[^\\]/i.test(to) && URL.canParse(to) ? new URL(to) : undefined;
  if (url === undefined || to.length > LONGEST_URL)
    throw new DestinationError('that is no address');
  if (url.username !== '' || url.password !== '') {
    throw new DestinationError(
      'the address holds a user name or a password',
      'Arguments show in the list of processes: set SHARE_USER and SHARE_PASSWORD, or SHARE_TOKEN.',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new DestinationError(
      'the address has a query or a fragment',
      'What is secret goes into SHARE_TOKEN or SHARE_HEADERS.',
    );
  }
  return { kind: 'ingress', url, shown: url.href, id: url.href };
}

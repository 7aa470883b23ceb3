import { S3LogExtractionError } from '../../../cache/error.js';

/** OPENCAGE_API_URL is not an address. */
export class OpenCageUrlError extends S3LogExtractionError {
  constructor() {
    // Without its value: a key may be part of it.
    super('OPENCAGE_URL_INVALID', 'OPENCAGE_API_URL is not an http or https address.', {
      hint: 'Unset it, or set it to the base of a service that speaks like api.opencagedata.com.',
    });
  }
}

/**
 * The full address to ask, from that of the service or of any part of the path to its JSON.
 *
 * @throws {OpenCageUrlError}
 */
export function openCageEndpoint(base: string | undefined): string | undefined {
  if (base === undefined || base.trim() === '') return undefined;
  const url = URL.canParse(base.trim()) ? new URL(base.trim()) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new OpenCageUrlError();
  // The client adds its own query.
  url.search = '';
  url.hash = '';
  let path = url.pathname.replace(/\/+$/, '');
  if (!path.endsWith('/json')) path += path.endsWith('/geocode/v1') ? '/json' : '/geocode/v1/json';
  url.pathname = path;
  return url.href;
}

import { addAbortSignal } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { systemErrorCode } from '../../cache/error.js';
import {
  DEFAULT_RETRY_POLICY,
  RequestFailure,
  type RetryPolicy,
  retrying,
} from '../ip/lookup/retry.js';
import { fetchBytes } from './fetch-bytes.js';
import { type ContentLinks, MappingError, parseMapping } from './mapping.js';
import { openStream } from './open-stream.js';
import { isBadUrl, isUrl, shownSource } from './source-url.js';

/** The mapping that DANDI publishes. Source: the repository dandi-cache/content-id-to-usage-dandiset-path. */
export const PUBLISHED_MAPPING =
  'https://raw.githubusercontent.com/dandi-cache/content-id-to-usage-dandiset-path/refs/heads/min/derivatives/content_id_to_usage_dandiset_path.min.json.gz';

export interface ReadMappingOptions {
  readonly fetch?: typeof fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: RetryPolicy | undefined;
}

const TIMEOUT_MS = 300_000;
/** As it is stored, and unpacked: the longest text that V8 takes is 512 MiB. */
const LIMIT_BYTES = 1 << 28;
const LIMIT_CONTENT_BYTES = 500 << 20;

/**
 * Read a mapping from a file or a URL, as JSON or gzip of it.
 *
 * @throws {MappingError}
 */
export async function readMapping(
  source: string,
  options: ReadMappingOptions = {},
): Promise<ContentLinks> {
  const shown = shownSource(source);
  if (isBadUrl(source)) throw new MappingError(shown, 'it is not a URL of http or https');
  const bytes = isUrl(source)
    ? await fetchMapping(new URL(source), shown, options)
    : await readMappingFile(source, options.signal);
  return parseMapping(await unpack(bytes, shown), shown);
}

async function fetchMapping(
  url: URL,
  shown: string,
  { fetch, signal, retry = DEFAULT_RETRY_POLICY }: ReadMappingOptions,
): Promise<Buffer> {
  try {
    const options = { fetch, signal, timeoutMs: TIMEOUT_MS, limitBytes: LIMIT_BYTES };
    return await retrying(() => fetchBytes(url, options), retry, signal);
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    throw new MappingError(shown, error.reason);
  }
}

/** Of a pipe or a device no size is known before, nor whether it ends. */
async function readMappingFile(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    const pieces: Buffer[] = [];
    let size = 0;
    const stream = openStream(path);
    if (signal !== undefined) addAbortSignal(signal, stream);
    for await (const piece of stream) {
      size += (piece as Buffer).length;
      if (size > LIMIT_BYTES) throw new MappingError(path, `it has more than ${LIMIT_BYTES} bytes`);
      pieces.push(piece as Buffer);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (error instanceof MappingError) throw error;
    if (signal?.aborted) throw new MappingError(path, 'stopped');
    throw new MappingError(path, systemErrorCode(error) ?? 'it cannot be read', error);
  }
}

async function unpack(bytes: Buffer, source: string): Promise<string> {
  let content = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      content = await promisify(gunzip)(bytes, { maxOutputLength: LIMIT_CONTENT_BYTES });
    } catch (error) {
      const isLarge = systemErrorCode(error) === 'ERR_BUFFER_TOO_LARGE';
      const why = isLarge ? 'unpacked it is larger than 500 MiB' : 'its gzip is damaged';
      throw new MappingError(source, why);
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new MappingError(source, 'it is not UTF-8');
  }
}

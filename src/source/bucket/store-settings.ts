import { S3LogExtractionError } from '../../../cache/error.js';

/** `--endpoint` is no URL of a server. */
export class EndpointError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_ENDPOINT',
      '--endpoint must be an http:// or https:// URL of a server, without credentials in it.',
      {},
      2,
    );
  }
}

/** @returns the URL as it is shown and used: without a `/` at its end */
export function checkedEndpoint(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isServer =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!isServer) throw new EndpointError();
  return url.href.replace(/\/+$/, '');
}

/** That of the variables or files; else the one that all else is found from. */
export async function configuredRegion(
  sdk: typeof import('@aws-sdk/client-s3'),
  endpoint: string | undefined,
): Promise<string> {
  const client = new sdk.S3Client(endpoint === undefined ? {} : { endpoint });
  try {
    return await client.config.region();
  } catch {
    return 'us-east-1';
  } finally {
    client.destroy();
  }
}

/** The region that an answer says a bucket is in. */
export function regionTold(error: unknown): string | undefined {
  const { $response } = Object(error) as {
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  const region = $response?.headers?.['x-amz-bucket-region'];
  return region !== undefined && /^[a-z0-9-]{2,30}$/.test(region) ? region : undefined;
}

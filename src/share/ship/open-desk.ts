import { type Destination, parseDestination } from './destination.js';
import type { Shipper } from './shipper.js';
import { ShippingDesk, settingOf } from './shipping-desk.js';
import type { ShippingSettings } from './shipping-settings.js';

export interface DeskOptions {
  /** A folder, `https://host/path` or `s3://bucket/folder`. */
  readonly to: string;
  readonly cacheRoot: string;
  readonly settings: readonly ShippingSettings[];
  /** Without a byte for so long, a server is given up. */
  readonly silenceMs: number;
  /** Of a store other than AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Told before a package is tried again. */
  readonly onRetry?: (name: string, reason: string) => void;
}

/**
 * Where packages go. Nothing is asked of the other side yet.
 *
 * @throws {DestinationError} @throws {BucketUrlError}
 */
export function openDesk(options: DeskOptions): ShippingDesk {
  const { to, cacheRoot, settings, endpoint } = options;
  const destination = parseDestination(to, cacheRoot, endpoint);
  return new ShippingDesk(destination, settings, async (group) => {
    const address = settingOf(settings, (one) => one.address?.(group));
    const place =
      address === undefined ? destination : parseDestination(address, cacheRoot, endpoint);
    return openShipper(place, group, options);
  });
}

async function openShipper(
  place: Destination,
  group: string,
  { settings, silenceMs, endpoint, region, onRetry }: DeskOptions,
): Promise<Shipper> {
  switch (place.kind) {
    case 'folder': {
      const { FolderShipper } = await import('./to-folder.js');
      return new FolderShipper(place.path);
    }
    case 'ingress': {
      const { IngressShipper } = await import('./to-ingress.js');
      const credentials = settingOf(settings, (one) => one.credentials?.(group));
      return new IngressShipper({
        url: place.url,
        credentials,
        silenceMs,
        ...(onRetry === undefined ? {} : { onRetry }),
      });
    }
    case 'bucket': {
      const { openBucketShipper } = await import('./to-bucket.js');
      return openBucketShipper(place.url, { endpoint, region, silenceMs, onRetry });
    }
  }
}

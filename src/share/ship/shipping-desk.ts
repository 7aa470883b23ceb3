import type { Readable } from 'node:stream';
import type { StandingPackage } from '../../../cache/sharing/consignment.js';
import type { Destination } from './destination.js';
import type { Shipper } from './shipper.js';
import type { ShippingSettings } from './shipping-settings.js';

/** The usual one of `.tar.gz`. */
export const DEFAULT_CONTENT_TYPE = 'application/gzip';

/** Knows where packages of each group go, and how. */
export class ShippingDesk {
  readonly #shippers = new Map<string, Shipper>();

  /**
   * @param destination where all is remembered; groups may go elsewhere
   * @param open a shipper, the first time that a group needs it
   */
  constructor(
    readonly destination: Destination,
    private readonly settings: readonly ShippingSettings[],
    private readonly open: (group: string) => Promise<Shipper>,
  ) {}

  /** @throws {ShippingError} @throws {ShippingRefusedError} */
  async ship(
    { name, group, sizeBytes, sha256 }: StandingPackage,
    open: () => Readable,
    signal: AbortSignal,
  ): Promise<'shipped' | 'there'> {
    let shipper = this.#shippers.get(group);
    if (shipper === undefined) {
      shipper = await this.open(group);
      this.#shippers.set(group, shipper);
    }
    const contentType =
      settingOf(this.settings, (one) => one.contentType?.(group)) ?? DEFAULT_CONTENT_TYPE;
    const headers = settingOf(this.settings, (one) => one.headers?.(group)) ?? {};
    return shipper.ship({ name, group, sizeBytes, sha256, contentType, headers, open }, signal);
  }

  close(): void {
    for (const shipper of this.#shippers.values()) shipper.close();
  }
}

/** What the last that says anything says. */
export function settingOf<T>(
  settings: readonly ShippingSettings[],
  ask: (settings: ShippingSettings) => T | undefined,
): T | undefined {
  for (const one of [...settings].reverse()) {
    const said = ask(one);
    if (said !== undefined) return said;
  }
  return undefined;
}

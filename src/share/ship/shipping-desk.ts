import type { Readable } from 'node:stream';
import type { StandingPackage } from '../../../cache/sharing/consignment.js';
import type { Destination } from './destination.js';
import { checkedHeaders } from './headers.js';
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

  /**
   * Find out what is wrong with an address or credentials before anything is gathered for it.
   *
   * @throws {S3LogExtractionError}
   */
  async prepare(groups: Iterable<string>): Promise<void> {
    for (const group of groups) {
      await this.#shipperOf(group);
      this.#headersOf(group);
    }
  }

  /** @throws {ShippingError} @throws {ShippingRefusedError} */
  async ship(
    { name, group, sizeBytes, sha256 }: StandingPackage,
    open: () => Readable,
    signal: AbortSignal,
  ): Promise<'shipped' | 'there'> {
    const shipper = await this.#shipperOf(group);
    const contentType =
      settingOf(this.settings, (one) => one.contentType?.(group)) ?? DEFAULT_CONTENT_TYPE;
    const headers = this.#headersOf(group);
    return shipper.ship({ name, group, sizeBytes, sha256, contentType, headers, open }, signal);
  }

  close(): void {
    for (const shipper of this.#shippers.values()) shipper.close();
  }

  async #shipperOf(group: string): Promise<Shipper> {
    const known = this.#shippers.get(group);
    if (known !== undefined) return known;
    const shipper = await this.open(group);
    this.#shippers.set(group, shipper);
    return shipper;
  }

  #headersOf(group: string): Readonly<Record<string, string>> {
    return checkedHeaders(settingOf(this.settings, (one) => one.headers?.(group)) ?? {});
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

import type { Readable } from 'node:stream';
import { S3LogExtractionError } from '../../../cache/error.js';

/** A package on its way. */
export interface Shipment {
  readonly name: string;
  readonly group: string;
  readonly sizeBytes: number;
  /** Hex, of its bytes. */
  readonly sha256: string;
  readonly contentType: string;
  /** Besides ours; for servers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes, from the beginning; to be read to the end, or destroyed. */
  open(): Readable;
}

/** Takes packages to a destination. */
export interface Shipper {
  /**
   * Take one there; once this returns it is durable there, as far as the other side tells.
   *
   * @returns `there`: it was already
   * @throws {ShippingError} @throws {ShippingRefusedError}
   */
  ship(shipment: Shipment, signal: AbortSignal): Promise<'shipped' | 'there'>;
  close(): void;
}

const STANDS =
  'The package stands in the cache: run the same command again, and it goes on from there; nothing is sent twice under another name.';

/** It did not get there, and may the next time. */
export class ShippingError extends S3LogExtractionError {
  constructor(name: string, where: string, why: string, cause?: unknown) {
    super('SHIPPING_FAILED', `Could not ship ${name} to ${where}: ${why}.`, {
      cause,
      hint: STANDS,
    });
  }
}

/** The other side does not want it. */
export class ShippingRefusedError extends S3LogExtractionError {
  constructor(name: string, where: string, why: string, hint: string) {
    super('SHIPPING_REFUSED', `Could not ship ${name} to ${where}: ${why}.`, {
      hint: `${hint} The package stands in the cache for the next run.`,
    });
  }
}

/** Asked to stop. */
export class ShippingStopped extends Error {}

/** As `sha256sum -c` reads it. */
export function checksumLine({ name, sha256 }: Pick<Shipment, 'name' | 'sha256'>): string {
  return `${sha256}  ${name}\n`;
}

import type { PackageLimits } from '../package/package-limits.js';

/** How to prove to a server who sends. Kept in memory alone. */
export interface ShippingCredentials {
  /** `Authorization: Bearer …` */
  readonly bearer?: string;
  /** `Authorization: Basic …` */
  readonly basic?: { readonly user: string; readonly password: string };
  /** A client certificate and its key, PEM. */
  readonly certificate?: {
    readonly cert: string | Buffer;
    readonly key: string | Buffer;
    readonly passphrase?: string;
  };
  /** An authority to trust besides the usual ones, PEM. */
  readonly authority?: string | Buffer;
}

/** Of packages and where they go; what is left out comes from options and the environment. `group` is a collector's `shippingGroup`. */
export interface ShippingSettings {
  readonly limits?: Partial<PackageLimits>;
  /** Default `application/gzip`. */
  contentType?(group: string): string | undefined;
  /** As `--to`; a group may go elsewhere. */
  address?(group: string): string | undefined;
  /** Besides ours. */
  headers?(group: string): Readonly<Record<string, string>> | undefined;
  credentials?(group: string): ShippingCredentials | undefined;
}

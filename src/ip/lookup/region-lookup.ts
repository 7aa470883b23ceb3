import type { S3LogExtractionError } from '../../../cache/error.js';
import type { RawIp } from '../../../cache/seal.js';

/**
 * What became of one address: a region code (`US/California`, `US`, `bogon`), `unknown` (the service
 * does not know it, or cannot tell), `undetermined` (the service says for this one that the
 * quota is used up), or undefined: it was not reached and stays to do.
 */
export type LookupResult = string | undefined;

export interface LookupAnswer {
  /** One for each address, in their order. What is there is good whatever else failed. */
  readonly results: LookupResult[];
  /** Why some were not reached; asking for more makes no sense then. */
  readonly failure?: S3LogExtractionError | undefined;
}

/** Says in which region addresses are: a service on the network, or a database file. */
export interface RegionLookup {
  /** Addresses asked for and saved at once; what an interruption may lose. */
  readonly batchSize: number;
  /**
   * @param addresses at most `batchSize`, no bogons among them
   * @param signal once aborted nothing is waited for and nothing asked again; what is on its way
   *   is still taken
   */
  lookUp(addresses: readonly RawIp[], signal?: AbortSignal): Promise<LookupAnswer>;
  close(): void;
}

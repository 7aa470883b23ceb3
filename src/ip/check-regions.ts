import type { S3LogExtractionError } from '../../cache/error.js';
import type { RawIp, SealedIp, Sealer } from '../../cache/seal.js';
import { isBogon } from './bogons.js';
import type { RegionLookup } from './lookup/region-lookup.js';

/** The ranges of clouds, VPNs and the like, as far as their lists could be had. */
export interface RangeTable {
  /** Code of the most specific range that holds an address of 16 bytes, such as `AWS/us-east-2`. */
  find(address: Uint8Array): string | undefined;
  /** Names of lists that could not be had. */
  readonly missingLists: readonly string[];
}

/** A requester to be checked. */
export interface Candidate {
  readonly requester: SealedIp;
}

/** What was found out about one, to be saved. */
export interface Checked<T extends Candidate> {
  readonly candidate: T;
  /** A region code, `unknown` or `undetermined`. */
  readonly region: string;
  readonly source: 'ranges' | 'lookup';
  /** By the lookup, while a list of ranges was missing. */
  readonly provisional: boolean;
}

export interface CheckOptions<T extends Candidate> {
  readonly sealer: Sealer;
  readonly ranges: RangeTable;
  /** Absent: bogons and services are told, others stay to do. */
  readonly lookup?: RegionLookup | undefined;
  /** Batches that the lookup is asked for at most. */
  readonly batchLimit?: number | undefined;
  /** False: this one is not to be asked for now. */
  readonly mayAsk?: (candidate: T) => boolean;
  /** Called with each batch before the next is asked for. */
  readonly save: (checked: readonly Checked<T>[]) => Promise<void>;
  readonly shouldStop?: (() => boolean) | undefined;
}

export interface CheckOutcome {
  /** Addresses that the lookup answered for. */
  readonly asked: number;
  readonly stopped: boolean;
  /** Why the lookup gave no more answers. */
  readonly failure: S3LogExtractionError | undefined;
}

/** Bogons and services cost nothing to find again: they are saved when they are many. */
const LOCAL_BATCH = 20_000;
const POLL_MS = 200;

/**
 * Find the regions of requesters: bogons and ranges of services first, here; then the lookup, batch
 * by batch, each saved before the next. Addresses are open in memory only, a batch at a time. When
 * the lookup fails, the rest is still looked up in the ranges.
 */
export async function checkRegions<T extends Candidate>(
  candidates: AsyncIterable<readonly T[]>,
  options: CheckOptions<T>,
): Promise<CheckOutcome> {
  const { sealer, ranges, lookup, save, shouldStop, mayAsk } = options;
  const provisional = ranges.missingLists.length > 0;
  let batchesLeft = lookup === undefined ? 0 : (options.batchLimit ?? Number.POSITIVE_INFINITY);
  let failure: S3LogExtractionError | undefined;
  let asked = 0;
  let local: Checked<T>[] = [];
  let batch: { candidate: T; address: RawIp }[] = [];

  const saveLocal = async (): Promise<void> => {
    await save(local);
    local = [];
  };
  const ask = async (): Promise<void> => {
    if (lookup === undefined || batch.length === 0) return;
    const addresses = batch.map(({ address }) => address);
    const answer = await withStop(shouldStop, (signal) => lookup.lookUp(addresses, signal));
    const found: Checked<T>[] = [];
    batch.forEach(({ candidate }, i) => {
      const region = answer.results[i];
      if (region !== undefined) found.push({ candidate, region, source: 'lookup', provisional });
    });
    batch = [];
    batchesLeft--;
    asked += found.length;
    await save(found);
    failure = answer.failure;
  };

  for await (const some of candidates) {
    for (const candidate of some) {
      const address = sealer.open(candidate.requester);
      const region = localRegion(address.reveal(), ranges);
      if (region !== undefined) {
        local.push({ candidate, region, source: 'ranges', provisional: false });
        if (local.length >= LOCAL_BATCH) await saveLocal();
      } else if (lookup !== undefined && batchesLeft > 0 && failure === undefined) {
        if (mayAsk !== undefined && !mayAsk(candidate)) continue;
        batch.push({ candidate, address });
        if (batch.length >= lookup.batchSize) await ask();
      }
      if (shouldStop?.()) break;
    }
    if (shouldStop?.()) break;
  }
  await saveLocal();
  if (!shouldStop?.()) await ask();
  return { asked, stopped: shouldStop?.() ?? false, failure };
}

function localRegion(address: Uint8Array, ranges: RangeTable): string | undefined {
  return isBogon(address) ? 'bogon' : ranges.find(address);
}

/** Turn a request to stop into an abort signal while something is waited for. */
export async function withStop<T>(
  shouldStop: (() => boolean) | undefined,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (shouldStop?.()) controller.abort();
  }, POLL_MS);
  try {
    return await action(controller.signal);
  } finally {
    clearInterval(timer);
  }
}

import type { Engine } from '../../../cache/engine.js';
import { regionStateRelation } from '../../../cache/region-table.js';
import { createSealer, type Sealer } from '../../../cache/seal.js';
import type { SealingKey } from '../../../cache/sealing-key.js';
import type { RangeTable } from '../../../src/ip/check-regions.js';
import { addressText } from '../../../src/ip/lookup/address-text.js';
import type { LookupAnswer, RegionLookup } from '../../../src/ip/lookup/region-lookup.js';
import { rawIp } from '../../support/raw-ip.js';
import { SyntheticCache } from '../../support/synthetic-cache.js';

/** A cache whose requesters have addresses that the test knows. */
export class KnownCache extends SyntheticCache {
  readonly key = Uint8Array.from({ length: 16 }, (_, i) => i + 1) as SealingKey;
  readonly #texts = new Map<string, string>();
  #sealer: Sealer | undefined;

  /** Commit one record for each address. */
  async add(addresses: readonly string[]): Promise<void> {
    this.#sealer ??= await createSealer(this.key);
    const hex = addresses.map((address) => {
      const sealed = Buffer.from((this.#sealer as Sealer).seal(rawIp(address))).toString('hex');
      this.#texts.set(sealed, address);
      return `('${sealed}')`;
    });
    await this.commitQuery(
      `SELECT 'ds1/x' AS key, 0::BIGINT AS time, unhex(h) AS requester, 1::BIGINT AS bytes_sent,
       true AS download FROM (VALUES ${hex.join()}) t(h)`,
      addresses.length,
    );
  }

  /** What is known: address -> region, `?` after those that are provisional. */
  async regions(engine: Engine): Promise<Record<string, string>> {
    const rows = await engine.run(
      'read regions',
      `SELECT lower(hex(requester::BLOB)), region || if(provisional, '?', '')
       FROM ${regionStateRelation(this.paths)}`,
    );
    const known = rows.map(([hex, region]): [string, string] => [
      this.#texts.get(hex as string) ?? (hex as string),
      region as string,
    ]);
    return Object.fromEntries(known.sort());
  }
}

/** Ranges by exact address. */
export function rangesOf(
  codes: Readonly<Record<string, string>>,
  missingLists: readonly string[] = [],
): RangeTable {
  const byBytes = new Map(
    Object.entries(codes).map(([address, code]) => [String(rawIp(address).reveal()), code]),
  );
  return { find: (address) => byBytes.get(String(address)), missingLists };
}

/** A lookup that says what the test wants, and notes what it was asked for. */
export class FakeLookup implements RegionLookup {
  readonly asked: string[][] = [];

  /** @param say region of an address, or what to answer in place of a batch */
  constructor(
    readonly batchSize: number,
    readonly say: (address: string) => string | undefined,
    readonly answer?: (
      addresses: readonly string[],
      batch: number,
    ) => Promise<LookupAnswer | undefined>,
  ) {}

  async lookUp(addresses: Parameters<RegionLookup['lookUp']>[0]): Promise<LookupAnswer> {
    const texts = addresses.map(addressText);
    const batch = this.asked.push(texts) - 1;
    return (await this.answer?.(texts, batch)) ?? { results: texts.map((text) => this.say(text)) };
  }

  close(): void {}
}

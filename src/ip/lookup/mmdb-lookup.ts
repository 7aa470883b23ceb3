import { open, type Reader } from 'maxmind';
import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';
import { RawIp } from '../../../cache/seal.js';
import { addressText } from './address-text.js';
import { regionCodeOf } from './region-code.js';
import type { LookupResult, RegionLookup } from './region-lookup.js';

/** The file given with `--database` cannot be used. */
export class InvalidDatabaseError extends S3LogExtractionError {
  constructor(path: string, why: string) {
    super('INVALID_DATABASE', `The database ${path} cannot be used: ${why}.`, {
      hint: 'Give a city or country database in the MaxMind format (.mmdb), such as those of DB-IP, IPinfo or GeoLite2, unpacked.',
    });
  }
}

/** Local look-ups cost so little that only the size of what is saved at once counts. */
const BATCH_SIZE = 20_000;

// biome-ignore lint/suspicious/noExplicitAny: databases hold what their makers like
type Records = Reader<any>;

/**
 * Regions from a database file in the MaxMind format, which is held in memory as a whole.
 *
 * @throws {InvalidDatabaseError} also when it is about something else than places
 */
export async function openMmdbLookup(path: string): Promise<RegionLookup> {
  const reader = await openDatabase(path);
  const get = (address: RawIp): unknown => {
    const text = addressText(address);
    // An IPv4 database has no tree for longer addresses.
    if (reader.metadata.ipVersion === 4 && text.includes(':')) return null;
    try {
      return reader.get(text);
    } catch {
      throw new InvalidDatabaseError(path, 'it is damaged');
    }
  };
  checkHasCountries(path, get);
  return {
    batchSize: BATCH_SIZE,
    async lookUp(addresses) {
      const results: LookupResult[] = addresses.map((a) => regionCodeOf(get(a)) ?? 'unknown');
      return { results };
    },
    close() {},
  };
}

async function openDatabase(path: string): Promise<Records> {
  try {
    return await open(path, { cache: { max: 10_000 } });
  } catch (error) {
    throw new InvalidDatabaseError(path, systemErrorCode(error) ?? 'it is no MaxMind database');
  }
}

/**
 * A database of networks or operators would make every address unknown. One address in each /8 is
 * looked at: where there are records, one must name a country.
 */
function checkHasCountries(path: string, get: (address: RawIp) => unknown): void {
  let records = 0;
  for (let first = 1; first < 224; first++) {
    const bytes = new Uint8Array(16);
    bytes.set([0xff, 0xff, first, 64, 1, 1], 10);
    const record = get(new RawIp(bytes));
    if (record === null) continue;
    if (regionCodeOf(record) !== undefined) return;
    records++;
  }
  if (records > 0) throw new InvalidDatabaseError(path, 'its records name no country');
}

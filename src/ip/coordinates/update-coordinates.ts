import type { S3LogExtractionError } from '../../../cache/error.js';
import type { CachePaths } from '../../../cache/paths.js';
import { compareCodePoints } from '../../summarize/text-order.js';
import { askOpenCage } from './ask-opencage.js';
import { CoordinateStore } from './coordinate-store.js';
import { databaseCentroids } from './database-centroids.js';
import { fixedCoordinates } from './fixed-coordinates.js';
import { openMmdbWalk } from './mmdb-walk.js';
import { createOpenCage, type OpenCageOptions } from './opencage.js';
import { openCageEndpoint } from './opencage-url.js';
import { placeCodes } from './place-codes.js';
import { placeOf } from './place-name.js';
import { publishCoordinates } from './publish-coordinates.js';

export interface UpdateCoordinatesOptions {
  readonly paths: CachePaths;
  /** OPENCAGE_API_KEY and OPENCAGE_API_URL are looked up here. */
  readonly env: NodeJS.ProcessEnv;
  /** The region codes in use; repetitions are welcome. */
  readonly regions: AsyncIterable<string> | Iterable<string>;
  /** Pace and patience. */
  readonly opencage?: Partial<Omit<OpenCageOptions, 'key' | 'url'>> | undefined;
  /** A city database (.mmdb) for what OpenCage does not know, or is not asked. */
  readonly database?: string | undefined;
  readonly onWarning?: (text: string) => void;
  readonly onProgress?: (progress: CoordinatesProgress) => void;
  /** Asked between requests; what was answered by then is kept and published. */
  readonly shouldStop?: () => boolean;
  /** Called before each file is replaced; throws when the lock is lost. */
  readonly assertHeld?: () => void;
  /** ms since 1970. */
  readonly now?: () => number;
}

export interface CoordinatesProgress {
  readonly answered: number;
  readonly toAsk: number;
}

export interface CoordinatesUpdate {
  /** Region codes in use. */
  readonly codes: number;
  /**
   * How many of them each source placed: `label` (stands for no place), `built-in`, `cloud`, `cloud
   * country` (a new cloud region, in the middle of its country), `opencage`, `database`.
   */
  readonly sources: Readonly<Record<string, number>>;
  /** Answers that OpenCage gave now. */
  readonly answered: number;
  /** Codes that no source knows, in code-point order; asked again after 30 days. */
  readonly unresolved: readonly string[];
  /** Codes that are still to be asked for, by a later run. */
  readonly pending: readonly string[];
  /** OpenCage's quota is used up, and codes are pending for that. */
  readonly quota: boolean;
  readonly stopped: boolean;
  readonly file: 'written' | 'unchanged' | 'removed';
}

/**
 * Find coordinates for all region codes in use, and publish them. In this order: labels have none;
 * our own tables of countries, troublesome regions and cloud regions; what was found before;
 * OpenCage, when there is a key; the database, when there is one. Every answer is kept at once, so
 * that an interruption loses no more than the requests on their way.
 *
 * Our own tables are looked up anew each time and not kept, so that a correction takes effect.
 *
 * @throws {OpenCageKeyError} @throws {OpenCageUnavailableError} after all else is published
 * @throws {OpenCageUrlError} @throws {CoordinateTableError} @throws {MmdbError}
 * @throws {CacheWriteError}
 */
export async function updateCoordinates(
  options: UpdateCoordinatesOptions,
): Promise<CoordinatesUpdate> {
  const { paths, database } = options;
  const assertHeld = options.assertHeld ?? (() => {});
  const shouldStop = options.shouldStop ?? (() => false);
  const store = new CoordinateStore(paths, assertHeld, options.now ?? Date.now);
  const service = serviceOf(options);
  // A wrong file is told before any question is spent.
  if (database !== undefined) openMmdbWalk(database).close();
  const codes = new Set<string>();
  for await (const code of options.regions) codes.add(code);
  const places = [...codes]
    .filter((code) => fixedCoordinates(code) === undefined && placeOf(code) !== undefined)
    .sort(compareCodePoints);

  const asked = service === undefined ? NOTHING : await ask(places, service, store, options);
  if (database !== undefined && !shouldStop()) await search(database, places, store, options);

  const { points, sources, unplaced } = placeCodes(codes, store);
  const file = await publishCoordinates(paths, points, assertHeld);
  if (asked.failure !== undefined) throw asked.failure;
  const isPending = (code: string) =>
    service !== undefined && placeOf(code) !== undefined && store.isDue(code, OPENCAGE);
  const pending = unplaced.filter(isPending);
  if (service === undefined && database === undefined && unplaced.some((code) => placeOf(code))) {
    options.onWarning?.(
      'Some regions take a geocoder: set OPENCAGE_API_KEY, or give --database FILE.mmdb.',
    );
  }
  return {
    codes: codes.size,
    sources,
    answered: asked.answered,
    unresolved: unplaced.filter((code) => !pending.includes(code)),
    pending,
    quota: asked.quota && pending.length > 0,
    stopped: shouldStop(),
    file,
  };
}

const OPENCAGE = 'opencage';
const DATABASE = 'database';

interface Answers {
  readonly answered: number;
  readonly quota: boolean;
  /** To be thrown when all else is done. */
  readonly failure: S3LogExtractionError | undefined;
}

const NOTHING: Answers = { answered: 0, quota: false, failure: undefined };

/** OpenCage as the environment has it: with a key, or behind a proxy that adds one. */
function serviceOf({ env, opencage }: UpdateCoordinatesOptions): OpenCageOptions | undefined {
  const url = openCageEndpoint(env.OPENCAGE_API_URL);
  const key = env.OPENCAGE_API_KEY?.trim() || undefined;
  return key === undefined && url === undefined ? undefined : { ...opencage, key, url };
}

async function ask(
  places: readonly string[],
  service: OpenCageOptions,
  store: CoordinateStore,
  { shouldStop = () => false, onProgress }: UpdateCoordinatesOptions,
): Promise<Answers> {
  const due = places.filter((code) => store.isDue(code, OPENCAGE));
  let answered = 0;
  const { quota, failure } = await askOpenCage(due, createOpenCage(service), {
    shouldStop,
    concurrency: service.concurrency ?? 1,
    onAnswer(code, point) {
      store.keep([[code, point]], OPENCAGE);
      answered++;
      onProgress?.({ answered, toAsk: due.length });
    },
  });
  return { answered, quota, failure };
}

async function search(
  database: string,
  places: readonly string[],
  store: CoordinateStore,
  { shouldStop = () => false, onWarning }: UpdateCoordinatesOptions,
): Promise<void> {
  const editionOf = (edition: string) => `${DATABASE} ${edition}`;
  const dueFor = (edition: string) =>
    new Set(places.filter((code) => store.isDue(code, editionOf(edition))));
  const found = await databaseCentroids(database, dueFor, shouldStop);
  if (found === undefined) return;
  const wanted = dueFor(found.edition);
  if (wanted.size === 0) return;
  if (found.located === 0) {
    onWarning?.(`The database ${database} has no locations: coordinates take a city database.`);
    return;
  }
  const answers = [...wanted].map((code) => [code, found.points.get(code)] as const);
  store.keep(answers, DATABASE, editionOf(found.edition));
}

import type { SourceProblem } from '../source/list-folder.js';
import { isUniqueLogName, logFileName } from '../source/log-name.js';
import type { LogObject, LogSource } from './log-source.js';
import { objectName, storedPath } from './name-hash.js';
import type { Session } from './session.js';

/** Of a transaction; a larger object has one by itself. */
const BATCH_BYTES = 16 << 20;
const BATCH_OBJECTS = 500;

/** What planning counts and tells. */
export interface CollectionObserver {
  found(): void;
  planned(objects: readonly LogObject[]): void;
  /** Collected before, and still in the source. */
  known(object: LogObject, state: KnownState): void;
  /** It has other content than what was collected under its name. */
  changed(object: LogObject): void;
  problem(problem: SourceProblem): void;
}

/**
 * `whole`: it is what was collected, and all its lines are rows. `rejects`: lines of it were rejected. `unsure`: nothing tells that it is
 * what was collected, so it must not be deleted.
 */
export type KnownState = 'whole' | 'rejects' | 'unsure';

interface KnownObject {
  readonly hash: Buffer;
  readonly path: string;
  readonly size: string;
  readonly etag: string | null;
  /** Milliseconds since 1970. */
  readonly modified: string | null;
  readonly rejects: string;
}

/**
 * Log objects of the source that are not collected yet, in batches of which each makes a transaction. What is known is asked of the
 * database a page at a time, so memory depends on no number of objects.
 *
 * @param limit of objects
 */
export async function* planCollection(
  source: LogSource,
  session: Session,
  limit: number,
  observer: CollectionObserver,
): AsyncGenerator<readonly LogObject[]> {
  let batch: LogObject[] = [];
  let bytes = 0;
  let left = limit;
  for await (const page of source.list()) {
    for (const object of await newObjects(page, session, observer)) {
      if (left-- <= 0) continue;
      if (batch.length > 0 && bytes + object.sizeBytes > BATCH_BYTES) {
        observer.planned(batch);
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(object);
      bytes += object.sizeBytes;
      if (batch.length === BATCH_OBJECTS) {
        observer.planned(batch);
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) {
    observer.planned(batch);
    yield batch;
  }
}

async function newObjects(
  page: readonly (LogObject | SourceProblem)[],
  session: Session,
  observer: CollectionObserver,
): Promise<LogObject[]> {
  const objects: (LogObject & { readonly key: string })[] = [];
  const hashes: Buffer[] = [];
  for (const entry of page) {
    if (entry.kind === 'problem') {
      observer.problem(entry);
      continue;
    }
    observer.found();
    const { hash } = objectName(entry.relativePath);
    hashes.push(hash);
    objects.push({ ...entry, key: hash.toString('latin1') });
  }
  if (objects.length === 0) return [];
  const { rows } = await session.run('look up what is collected', (client) =>
    client.query<KnownObject>(
      'SELECT name_hash AS hash, path, size_bytes AS size, etag, round(extract(epoch FROM modified_at) * 1000)::bigint AS modified, rejects FROM s3_log_objects WHERE name_hash = ANY ($1::bytea[])',
      [hashes],
    ),
  );
  const known = new Map(rows.map((row) => [row.hash.toString('latin1'), row]));
  return objects.filter((object) => {
    const row = known.get(object.key);
    if (row === undefined) return true;
    if (isChanged(object, row)) observer.changed(object);
    else observer.known(object, stateOf(object, row));
    return false;
  });
}

/** In the same place, with other content. A copy elsewhere, or one compressed since, is no change. */
function isChanged(object: LogObject, row: KnownObject): boolean {
  if (row.path !== storedPath(object.relativePath)) return false;
  return !isSame(object, row);
}

function stateOf(object: LogObject, row: KnownObject): KnownState {
  if (!isSame(object, row) || !isCertain(object, row)) return 'unsure';
  return row.rejects === '0' ? 'whole' : 'rejects';
}

/** Of equal size: whether something else, too, tells that it is what was collected. S3 gives a unique name once. */
function isCertain({ relativePath, etag, modifiedMs }: LogObject, row: KnownObject): boolean {
  if (etag !== undefined && row.etag !== null) return etag === row.etag;
  return isUniqueLogName(logFileName(relativePath)) || Number(row.modified) === modifiedMs;
}

function isSame({ sizeBytes, etag }: LogObject, row: KnownObject): boolean {
  return (
    Number(row.size) === sizeBytes && (etag === undefined || row.etag === null || etag === row.etag)
  );
}

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectory } from './atomic-write.js';
import { checkedName, intactParquetFiles } from './checked-parquet.js';
import type { Engine } from './engine.js';
import { writeParquet } from './parquet-file.js';
import type { CachePaths } from './paths.js';
import { parquetRelation } from './sql.js';

export interface AddIndexesOptions {
  /** Called right before the new file gets its name; throws when the lock is lost. */
  readonly assertHeld?: () => void;
  /** Source of `n` random bytes, for tests. */
  readonly random?: (n: number) => Uint8Array;
}

/** SQL of the index table: (requester UUID, index BIGINT), FORMAT.md section 8. */
export function indexRelation(paths: CachePaths): string {
  return parquetRelation(intactParquetFiles(paths.indexes), { requester: 'UUID', index: 'BIGINT' });
}

/**
 * Give every requester that has none an index: random, unique, from 1 to 2^63 - 1. Adds one file,
 * or none when there is nothing to add; what is there never changes.
 *
 * The joins run in the engine and the random numbers pass through here in pieces, so millions of
 * requesters need no more memory than the engine's limit.
 *
 * @param requesters SQL of a relation with a column `requester` (UUID), without the one that
 *   stands for none; repetitions are welcome
 * @returns how many requesters were added
 * @throws {EngineError} @throws {CacheWriteError}
 */
export async function addIndexes(
  paths: CachePaths,
  engine: Engine,
  requesters: string,
  options: AddIndexesOptions = {},
): Promise<number> {
  const random = options.random ?? randomBytes;
  await dropTables(engine);
  try {
    const added = await numberNewRequesters(paths, engine, requesters);
    if (added === 0n) return 0;
    await drawIndexes(paths, engine, added, random);
    makeDirectory(paths.indexes);
    const id = randomBytes(16).toString('hex');
    await writeParquet(
      engine,
      'write the new indexes',
      `SELECT requester, "index" FROM new_requesters JOIN drawn USING (n) ORDER BY "index"`,
      (sha256) => join(paths.indexes, checkedName(id, sha256)),
      options.assertHeld,
    );
    return Number(added);
  } finally {
    await dropTables(engine);
  }
}

/** Table new_requesters(n, requester): n counts from 1. */
async function numberNewRequesters(
  paths: CachePaths,
  engine: Engine,
  requesters: string,
): Promise<bigint> {
  const rows = await engine.run(
    'find requesters without an index',
    `CREATE TABLE new_requesters AS
     SELECT row_number() OVER () AS n, requester FROM (
       SELECT DISTINCT requester FROM ${requesters}
       ANTI JOIN ${indexRelation(paths)} AS known USING (requester)
     )`,
  );
  return rows[0]?.[0] as bigint;
}

/**
 * Table drawn(n, index): an index for each n. Numbers are assigned as they are drawn, never in an
 * order that depends on them, so an index says nothing of its requester. One that is taken
 * already is drawn again.
 */
async function drawIndexes(
  paths: CachePaths,
  engine: Engine,
  count: bigint,
  random: (n: number) => Uint8Array,
): Promise<void> {
  const what = 'draw indexes';
  await engine.run(what, 'CREATE TABLE drawn (n BIGINT, "index" BIGINT)');
  await engine.run(what, 'CREATE TABLE missing_n (n BIGINT)');
  await engine.appendBigints(what, 'drawn', draw(numbersTo(count), random));
  for (;;) {
    await engine.run(
      what,
      `INSERT INTO missing_n
       SELECT n FROM drawn WHERE "index" < 1
       UNION
       SELECT n FROM drawn SEMI JOIN ${indexRelation(paths)} AS known USING ("index")
       UNION
       SELECT n FROM drawn JOIN (
         SELECT "index", min(n) AS first FROM drawn GROUP BY "index" HAVING count(*) > 1
       ) USING ("index") WHERE n <> first`,
    );
    const again = await engine.run(what, 'SELECT n FROM missing_n');
    if (again.length === 0) return;
    await engine.run(what, 'DELETE FROM drawn WHERE n IN (SELECT n FROM missing_n)');
    await engine.run(what, 'DELETE FROM missing_n');
    const numbers = again.map((row) => row[0] as bigint);
    await engine.appendBigints(what, 'drawn', draw(numbers, random));
  }
}

function* numbersTo(count: bigint): Generator<bigint> {
  for (let n = 1n; n <= count; n++) yield n;
}

const DRAWN_AT_ONCE = 8192;

function* draw(
  numbers: Iterable<bigint>,
  random: (n: number) => Uint8Array,
): Generator<readonly bigint[]> {
  let words = new BigUint64Array(0);
  let next = 0;
  for (const n of numbers) {
    if (next === words.length) {
      words = new BigUint64Array(Uint8Array.from(random(DRAWN_AT_ONCE * 8)).buffer);
      next = 0;
    }
    yield [n, (words[next++] as bigint) >> 1n];
  }
}

async function dropTables(engine: Engine): Promise<void> {
  for (const table of ['new_requesters', 'drawn', 'missing_n']) {
    await engine.run('clear scratch tables', `DROP TABLE IF EXISTS ${table}`);
  }
}

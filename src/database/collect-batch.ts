import { UnreadableFileError } from '../extract/read-log-file.js';
import { REASONS } from '../extract/reasons.js';
import type { Connection } from './connection.js';
import { CopyIn } from './copy-in.js';
import type { LineRows, ObjectRows } from './line-rows.js';
import type { LogObject, LogReader, ReaderAccess } from './log-source.js';
import { objectName, storedPath } from './name-hash.js';
import { ensurePartition, type Month } from './partitions.js';
import { ROW_COLUMNS } from './row-columns.js';

/** More rejected lines are not held in memory. */
const MOST_REJECTS = 50_000;

/** What became of a log object in a transaction. */
export type ObjectOutcome =
  | {
      readonly kind: 'collected';
      readonly contentBytes: number;
      readonly rows: number;
      readonly rejects: number;
    }
  /** Somebody else has collected it meanwhile. */
  | { readonly kind: 'known' }
  /** Nothing of it is in the database. */
  | { readonly kind: 'failed'; readonly reason: string };

/** The transaction came to nothing because one of its objects cannot be read: all others are to be tried again. */
export class UnreadableObjectError extends Error {
  constructor(
    readonly index: number,
    readonly reason: string,
  ) {
    super('A log object cannot be read.');
  }
}

/** What the transactions of a thread have in common. */
export interface CollectTools {
  readonly client: Connection;
  /** Another connection, for what must be committed at once whatever becomes of the rows. */
  readonly side: () => Promise<Connection>;
  readonly lines: LineRows;
  readonly reader: LogReader;
  readonly access: ReaderAccess;
  /** Months whose partitions are there. */
  readonly months: Set<Month>;
  readonly runId: string;
}

interface Claimed {
  readonly index: number;
  readonly object: LogObject;
  readonly id: string;
  readonly sums: ObjectRows;
  contentBytes: number;
}

/**
 * Collect some log objects in one transaction: their names, all their rows and all their rejected lines are there once it is committed, and
 * nothing before. A name can be claimed by one transaction at a time; who comes second waits for the end of the first, then leaves
 * the object alone if that was committed. So the same objects may be collected by many at once, and again after any failure, also
 * when nobody knows whether a commit went through.
 *
 * @throws {UnreadableObjectError} and what `pg` throws; nothing was committed, or it is not known
 */
export async function collectBatch(
  objects: readonly LogObject[],
  tools: CollectTools,
): Promise<ObjectOutcome[]> {
  const { client } = tools;
  await client.query('BEGIN');
  const transaction = new RowTransaction(tools);
  try {
    const claimed = await claim(objects, tools);
    await collectObjects(claimed, tools, transaction);
    await transaction.finish();
    await describeObjects(claimed, client);
    await client.query('COMMIT');
    const outcomes = objects.map((): ObjectOutcome => ({ kind: 'known' }));
    for (const { index, contentBytes, sums } of claimed) {
      const { rows, rejects } = sums;
      outcomes[index] = { kind: 'collected', contentBytes, rows, rejects };
    }
    return outcomes;
  } catch (error) {
    await transaction.abandon();
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    tools.lines.encoder.reset();
    tools.lines.rejects.clear();
  }
}

/** Names in the order of their hashes, so that two who claim the same wait for each other in one direction only. */
async function claim(
  objects: readonly LogObject[],
  { client, runId }: CollectTools,
): Promise<Claimed[]> {
  const named = objects
    .map((object, index) => ({ index, object, ...objectName(object.relativePath) }))
    .sort((one, other) => one.hash.compare(other.hash));
  const { rows } = await client.query<{ id: string; hash: Buffer }>(
    `INSERT INTO s3_log_objects (name_hash, name, path, size_bytes, etag, modified_at, run_id)
     SELECT hash, name, path, size_bytes, etag, to_timestamp(modified_ms / 1000.0), $7
     FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
       WITH ORDINALITY AS o (hash, name, path, size_bytes, etag, modified_ms, place)
     ORDER BY place
     ON CONFLICT (name_hash) DO NOTHING
     RETURNING id, name_hash AS hash`,
    [
      named.map(({ hash }) => hash),
      named.map(({ name }) => name),
      named.map(({ object }) => storedPath(object.relativePath)),
      named.map(({ object }) => object.sizeBytes),
      named.map(({ object }) => object.etag ?? null),
      named.map(({ object }) => Math.min(object.modifiedMs, LAST_TIME_MS)),
      runId,
    ],
  );
  const ids = new Map(rows.map(({ id, hash }) => [hash.toString('latin1'), id]));
  const claimed = named.flatMap(({ index, object, hash }): Claimed[] => {
    const key = hash.toString('latin1');
    const id = ids.get(key);
    // Of two objects of one name in a batch the first has it.
    ids.delete(key);
    if (id === undefined) return [];
    const sums = { rows: 0, rejects: 0, firstTime: Infinity, lastTime: -Infinity };
    return [{ index, object, id, sums, contentBytes: 0 }];
  });
  return claimed.sort((one, other) => one.index - other.index);
}

/** The end of the year 9999; file systems hold times beyond that. */
const LAST_TIME_MS = 253_402_300_799_000;

async function collectObjects(
  claimed: readonly Claimed[],
  { lines, reader, access }: CollectTools,
  transaction: RowTransaction,
): Promise<void> {
  const objects = claimed.map(({ object }) => object);
  await reader.readAll(objects, access, async (index, content) => {
    const one = claimed[index];
    lines.begin(BigInt(one.id), one.sums);
    try {
      one.contentBytes = await content.feed(lines, () => transaction.drain());
    } catch (error) {
      if (!(error instanceof UnreadableFileError)) throw error;
      throw new UnreadableObjectError(one.index, error.message);
    }
  });
}

async function describeObjects(claimed: readonly Claimed[], client: Connection): Promise<void> {
  const time = (seconds: number): number | null => (Number.isFinite(seconds) ? seconds : null);
  await client.query(
    `UPDATE s3_log_objects SET content_bytes = c.content, rows = c.lines, rejects = c.refused,
       first_time = to_timestamp(c.first), last_time = to_timestamp(c.last)
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::float8[], $6::float8[])
       AS c (id, content, lines, refused, first, last)
     WHERE s3_log_objects.id = c.id`,
    [
      claimed.map(({ id }) => id),
      claimed.map(({ contentBytes }) => contentBytes),
      claimed.map(({ sums }) => sums.rows),
      claimed.map(({ sums }) => sums.rejects),
      claimed.map(({ sums }) => time(sums.firstTime)),
      claimed.map(({ sums }) => time(sums.lastTime)),
    ],
  );
}

/** The rows and rejected lines of a transaction on their way to the server. */
class RowTransaction {
  private copy: CopyIn | undefined;
  private sent = 0;
  /** One after the other, also when not all of them are waited for. */
  private draining: Promise<void> = Promise.resolve();

  constructor(private readonly tools: CollectTools) {}

  /** Send what is ready. */
  drain(): Promise<void> {
    this.draining = this.draining.then(() => this.sendReady());
    return this.draining;
  }

  /** Send all there is. */
  async finish(): Promise<void> {
    this.tools.lines.encoder.closePiece();
    await this.drain();
    await this.endCopy();
    await this.sendRejects();
  }

  async abandon(): Promise<void> {
    await this.draining.catch(() => undefined);
    await this.copy?.abandon();
    this.copy = undefined;
  }

  private async sendReady(): Promise<void> {
    const { encoder, rejects } = this.tools.lines;
    if (rejects.offsets.length >= MOST_REJECTS) {
      await this.endCopy();
      await this.sendRejects();
    }
    for (let piece = encoder.pieces.shift(); piece !== undefined; piece = encoder.pieces.shift()) {
      await this.ensureMonths(encoder.months);
      this.copy ??= new CopyIn(this.tools.client, 's3_access_log', ROW_COLUMNS);
      this.sent += piece.rows;
      await this.copy.send(piece.bytes);
    }
  }

  /** A COPY sees the partitions that were there when it began. */
  private async ensureMonths(months: Set<Month>): Promise<void> {
    const { months: known, side } = this.tools;
    for (const month of months) {
      if (known.has(month)) continue;
      await this.endCopy();
      await ensurePartition(await side(), month);
      known.add(month);
    }
    months.clear();
  }

  private async endCopy(): Promise<void> {
    const { copy, sent } = this;
    if (copy === undefined) return;
    const counted = await copy.end();
    this.copy = undefined;
    this.sent = 0;
    // A library that loses data must not make us delete the log it was in.
    if (counted !== sent) throw new RangeError('The server has counted other rows than were sent.');
  }

  private async sendRejects(): Promise<void> {
    const { client, lines } = this.tools;
    const { objects, offsets, reasons } = lines.rejects;
    if (offsets.length === 0) return;
    await client.query(
      `INSERT INTO s3_access_log_rejects (log_object, log_offset, reason)
       SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])`,
      [objects, offsets, reasons.map((code) => REASONS[code])],
    );
    lines.rejects.clear();
  }
}

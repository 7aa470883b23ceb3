import { parentPort, workerData } from 'node:worker_threads';
import { fileAccessError } from '../../cache/error.js';
import { InternalError } from '../../cache/internal-error.js';
import { createBulkSealer } from '../../cache/seal-many.js';
import { sealingKeyFromBytes } from '../../cache/sealing-key-bytes.js';
import {
  type CollectTools,
  collectBatch,
  type ObjectOutcome,
  UnreadableObjectError,
} from './collect-batch.js';
import type { BatchRequest, CollectReply, CollectSetup } from './collect-messages.js';
import type { Connection } from './connection.js';
import { LineRows } from './line-rows.js';
import type { LogObject } from './log-source.js';
import { objectName, storedPath } from './name-hash.js';
import { openReader } from './open-reader.js';
import type { Month } from './partitions.js';
import { Session } from './session.js';

const { settings, key, runId } = workerData as CollectSetup;

const session = new Session(settings);
const lines = new LineRows(createBulkSealer(sealingKeyFromBytes(key)));
const reader = openReader();
const months = new Set<Month>();

/** Collect log objects in one transaction, without those that cannot be read. */
async function collect({ objects, access }: BatchRequest): Promise<CollectReply> {
  const outcomes = new Map<LogObject, ObjectOutcome>();
  const startMs = Date.now();
  let attempts = 0;
  let isInDoubt = false;
  const attempt = async (client: Connection): Promise<void> => {
    attempts++;
    const side = () => session.side();
    const tools: CollectTools = { client, side, lines, reader, access, months, runId };
    const left = objects.filter((object) => outcomes.get(object)?.kind !== 'failed');
    const found = await collectBatch(left, tools);
    for (const [i, object] of left.entries()) outcomes.set(object, found[i]);
    if (isInDoubt) await recogniseOwn(client, left, outcomes);
  };
  for (let isDone = false; !isDone; ) {
    try {
      await session.run('store log lines', attempt, (isLoss) => {
        isInDoubt ||= isLoss;
        // A partition may have been dropped meanwhile, or a whole server set back.
        months.clear();
      });
      isDone = true;
    } catch (error) {
      if (!(error instanceof UnreadableObjectError)) throw error;
      const left = objects.filter((object) => outcomes.get(object)?.kind !== 'failed');
      outcomes.set(left[error.index], { kind: 'failed', reason: error.reason });
    }
  }
  return {
    kind: 'done',
    outcomes: objects.map((object) => outcomes.get(object) as ObjectOutcome),
    timing: { startMs, endMs: Date.now(), attempts },
  };
}

/** The connection may have broken just when a commit had gone through: what this run has collected is no other's work. */
async function recogniseOwn(
  client: Connection,
  objects: readonly LogObject[],
  outcomes: Map<LogObject, ObjectOutcome>,
): Promise<void> {
  const { rows } = await client.query<{
    hash: Buffer;
    path: string;
    content: string;
    lines: string;
    rejects: string;
  }>(
    `SELECT name_hash AS hash, path, content_bytes AS content, rows AS lines, rejects
     FROM s3_log_objects WHERE run_id = $1 AND name_hash = ANY ($2::bytea[])`,
    [runId, objects.map(({ relativePath }) => objectName(relativePath).hash)],
  );
  const own = new Map(rows.map((row) => [`${row.hash.toString('hex')} ${row.path}`, row]));
  for (const object of objects) {
    const { hash } = objectName(object.relativePath);
    const row = own.get(`${hash.toString('hex')} ${storedPath(object.relativePath)}`);
    if (row === undefined) continue;
    outcomes.set(object, {
      kind: 'collected',
      contentBytes: Number(row.content),
      rows: Number(row.lines),
      rejects: Number(row.rejects),
    });
  }
}

function replyTo(error: unknown): CollectReply {
  const known = fileAccessError(error) ?? new InternalError('storing log lines', error);
  const { code, message, hint, exitCode } = known;
  return { kind: 'error', error: { code, message, hint, exitCode } };
}

parentPort?.on('message', (request: BatchRequest | 'close') => {
  if (request === 'close') {
    reader.close();
    void session.close().then(() => parentPort?.close());
    return;
  }
  collect(request).then(
    (reply) => parentPort?.postMessage(reply),
    (error: unknown) => parentPort?.postMessage(replyTo(error)),
  );
});

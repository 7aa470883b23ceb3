import type { SegmentFile } from '../../cache/commit-record.js';
import type { Sealer } from '../../cache/seal.js';
import { writeRecords, writeRejects } from '../../cache/segment-writer.js';
import { REASONS } from './reasons.js';
import type { RecordBatch } from './record-batch.js';

/** Files that one worker has written for a commit. */
export interface WrittenSegments {
  readonly records: SegmentFile[];
  readonly rejects: SegmentFile[];
}

/**
 * Write a batch's records and rejected lines as segments, and empty it. Addresses are sealed here: the
 * only way from a batch to the disk.
 *
 * @throws {CacheWriteError}
 */
export function writeBatch(
  batch: RecordBatch,
  folder: string,
  stem: string,
  sealer: Sealer,
  written: WrittenSegments,
): void {
  if (batch.rows > 0) {
    const { keys } = batch;
    const order = groupByKey(batch.keyIds, batch.rows, keys.count);
    const requesters = batch.sealAddresses((addresses, count, out) =>
      sealer.sealInto(addresses, count, out),
    );
    written.records.push(
      writeRecords(folder, stem, {
        rows: batch.rows,
        keys,
        keyIds: pick(batch.keyIds, order, new Uint32Array(batch.rows)),
        times: pick(batch.times, order, new Float64Array(batch.rows)),
        requesters,
        requesterIds: pick(batch.requesterIds, order, new Uint32Array(batch.rows)),
        bytesLow: pick(batch.bytesLow, order, new Uint32Array(batch.rows)),
        bytesHigh: pick(batch.bytesHigh, order, new Uint32Array(batch.rows)),
        downloads: pick(batch.downloads, order, new Uint8Array(batch.rows)),
      }),
    );
  }
  const { rejects } = batch;
  if (rejects.rows > 0) {
    written.rejects.push(
      writeRejects(folder, stem, {
        rows: rejects.rows,
        names: rejects.names,
        nameIds: rejects.nameIds.subarray(0, rejects.rows),
        offsets: rejects.offsets.subarray(0, rejects.rows),
        reasons: REASONS,
        reasonIds: Uint32Array.from(rejects.reasons.subarray(0, rejects.rows)),
      }),
    );
  }
  batch.clear();
}

/** A stable order that brings equal keys together: keys then cost nearly nothing, and times rise. */
function groupByKey(keyIds: Uint32Array, rows: number, keys: number): Uint32Array {
  const next = new Uint32Array(keys + 1);
  for (let row = 0; row < rows; row++) next[keyIds[row] + 1]++;
  for (let key = 0; key < keys; key++) next[key + 1] += next[key];
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[next[keyIds[row]]++] = row;
  return order;
}

function pick<T extends Uint8Array | Uint32Array | Float64Array>(
  from: T,
  order: Uint32Array,
  to: T,
): T {
  for (let i = 0; i < order.length; i++) to[i] = from[order[i]];
  return to;
}

import type { SegmentFile } from '../../cache/commit-record.js';
import type { BulkSealer } from '../../cache/seal-many.js';
import {
  encodeRecords,
  recordsFile,
  storeSegment,
  writeRejects,
} from '../../cache/segment-writer.js';
import { REASONS } from './reasons.js';
import type { RecordBatch } from './record-batch.js';

/** Files that one worker has written for a commit. */
export interface WrittenSegments {
  readonly records: SegmentFile[];
  readonly rejects: SegmentFile[];
}

/**
 * Write a batch's records and rejected lines as segments. Addresses are sealed here: the only way from a batch
 * to the disk. The batch is empty when this returns; its segments are on their way then.
 *
 * @param written takes what is durable
 * @throws {CacheWriteError}
 */
export async function writeBatch(
  batch: RecordBatch,
  folder: string,
  stem: string,
  sealer: BulkSealer,
  written: WrittenSegments,
): Promise<void> {
  const { rows, rejects } = batch;
  let bytes: Uint8Array | undefined;
  try {
    bytes = rows > 0 ? encodeBatch(batch, sealer) : undefined;
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
  } finally {
    // Also when the disk is full: what cannot be written must not be tried again for each piece of a file.
    batch.clear();
  }
  if (bytes === undefined) return;
  written.records.push(await storeSegment(folder, recordsFile(stem), rows, bytes));
}

function encodeBatch(batch: RecordBatch, sealer: BulkSealer): Uint8Array {
  return encodeRecords({
    rows: batch.rows,
    keys: batch.keys,
    keyIds: batch.keyIds,
    times: batch.times,
    requesters: batch.sealAddresses((addresses, count, out) =>
      sealer.sealInto(addresses, count, out),
    ),
    requesterIds: batch.requesterIds,
    bytesLow: batch.bytesLow,
    bytesHigh: batch.bytesHigh,
    downloads: batch.downloads,
  });
}

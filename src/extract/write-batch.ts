import type { SegmentFile } from '../../cache/commit-record.js';
import type { BulkSealer } from '../../cache/seal-many.js';
import {
  encodeRecords,
  type RecordColumns,
  recordsFile,
  storeSegment,
  writeOutput,
  writeRejects,
} from '../../cache/segment-writer.js';
import { REASONS } from './reasons.js';
import type { RecordBatch } from './record-batch.js';
import type { PipelineOutcome } from './record-pipeline.js';
import { selectRows } from './select-rows.js';

/** Files that one worker has written for a commit. */
export interface WrittenSegments {
  readonly records: SegmentFile[];
  readonly rejects: SegmentFile[];
  /** Of a pipeline: what its handlers wrote, and how many records they dropped of each log file. */
  readonly outputs: SegmentFile[];
  readonly dropped: Map<string, number>;
}

export function emptySegments(): WrittenSegments {
  return { records: [], rejects: [], outputs: [], dropped: new Map() };
}

/**
 * Write a batch's records and rejected lines as segments. Addresses are sealed here: the only way from a batch
 * to the disk. The batch is empty when this returns; its segments are on their way then.
 *
 * @param written takes what is durable
 * @param outcome of the pipeline, if there is one
 * @throws {CacheWriteError}
 */
export async function writeBatch(
  batch: RecordBatch,
  folder: string,
  stem: string,
  sealer: BulkSealer,
  written: WrittenSegments,
  outcome?: PipelineOutcome,
): Promise<void> {
  const { rejects } = batch;
  let encoded: readonly EncodedSegment[];
  try {
    encoded = batch.rows > 0 ? encodeBatch(batch, sealer, stem, outcome) : [];
    for (const [output, lines] of outcome?.outputs ?? []) {
      written.outputs.push(writeOutput(folder, stem, output, lines));
    }
    for (const [name, count] of outcome?.dropped ?? []) {
      written.dropped.set(name, (written.dropped.get(name) ?? 0) + count);
    }
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
  for (const { file, rows, bytes, tags } of encoded) {
    const segment = await storeSegment(folder, file, rows, bytes);
    written.records.push(tags.length === 0 ? segment : { ...segment, tags });
  }
}

interface EncodedSegment {
  readonly file: string;
  readonly rows: number;
  readonly bytes: Uint8Array;
  readonly tags: readonly string[];
}

/** One segment; of a pipeline one for each set of tags. */
function encodeBatch(
  batch: RecordBatch,
  sealer: BulkSealer,
  stem: string,
  outcome: PipelineOutcome | undefined,
): EncodedSegment[] {
  const columns = sealedColumns(batch, sealer);
  if (outcome === undefined) {
    const bytes = encodeRecords(columns);
    return [{ file: recordsFile(stem), rows: batch.rows, bytes, tags: [] }];
  }
  return outcome.partitions.map(({ tags, rows }, at) => ({
    file: recordsFile(at === 0 && tags.length === 0 ? stem : `${stem}-t${at}`),
    rows: rows?.length ?? batch.rows,
    bytes: encodeRecords(rows === undefined ? columns : selectRows(columns, rows)),
    tags,
  }));
}

function sealedColumns(batch: RecordBatch, sealer: BulkSealer): RecordColumns {
  return {
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
  };
}

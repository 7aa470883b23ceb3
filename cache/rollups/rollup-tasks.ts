import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DamagedCacheError, type SegmentFile } from '../commit-record.js';
import { type GroupingSetup, openGrouping } from '../datasets/grouping.js';
import type { Grouping } from '../datasets/joined-key.js';
import { systemErrorCode } from '../error.js';
import { openOwnFile } from '../own-file.js';
import { textOfLatin1 } from './asset-order.js';
import { DatasetSums } from './dataset-sums.js';
import { gather } from './gather.js';
import { RequesterTable } from './requester-table.js';
import { scanRecords } from './scan-records.js';
import { Scratch } from './scratch.js';
import { type Extent, readExtents, SpillWriter } from './spill.js';
import { type SumsFile, SumsFileWriter } from './sums-file.js';
import type { TaskHandler } from './task-pool.js';

export interface RollupSetup {
  readonly segments: string;
  readonly rollups: string;
  /** Where records are put aside; removed by who made the setup. */
  readonly spill: string;
  readonly partitions: number;
  readonly grouping: GroupingSetup;
  readonly hasWeeks: boolean;
}

/**
 * First `scan` any number of segments, `scanned` once; then `start`, `gather` any number of
 * slices, and `finish`.
 */
export type RollupTask =
  | { readonly kind: 'scan'; readonly segment: SegmentFile }
  | { readonly kind: 'scanned' }
  | {
      readonly kind: 'start';
      /** Spill files of all threads, and the final numbers of their requesters. */
      readonly spills: readonly string[];
      readonly numbers: readonly Uint32Array[];
      /** Final numbers are below it. */
      readonly requesters: number;
    }
  | { readonly kind: 'gather'; readonly slice: Slice }
  | { readonly kind: 'finish' };

/** Some extents of one partition, by spill file. */
export type Slice = readonly (readonly Extent[])[];

export interface RollupReply {
  readonly extents?: readonly Extent[];
  /** Addresses as words, by the numbers that the thread gave them. */
  readonly addresses?: Uint32Array;
  readonly sums?: SumsFile | undefined;
  /** Records summed up, by day, by asset and by requester. */
  readonly requests?: readonly [number, number, number];
}

/** What a thread does that rolls up records. */
export function startRollupTasks(setup: unknown): TaskHandler<RollupTask, RollupReply> {
  const worker = new RollupWorker(setup as RollupSetup);
  return (task) => worker.run(task);
}

class RollupWorker {
  readonly #setup: RollupSetup;
  readonly #grouping: Grouping;
  #requesters = new RequesterTable();
  #spill: SpillWriter | undefined;
  #writer: SumsFileWriter | undefined;
  #start: Extract<RollupTask, { kind: 'start' }> | undefined;
  #sums: DatasetSums | undefined;
  readonly #scratch = new Scratch();
  readonly #requests: [number, number, number] = [0, 0, 0];

  constructor(setup: RollupSetup) {
    this.#setup = setup;
    this.#grouping = openGrouping(setup.grouping);
  }

  run(task: RollupTask): RollupReply {
    if (task.kind === 'scan') {
      this.#scan(task.segment);
    } else if (task.kind === 'scanned') {
      const addresses = this.#requesters.words.slice(0, this.#requesters.count * 4);
      this.#requesters = new RequesterTable();
      const extents = this.#openSpill().finish();
      return { extents, addresses };
    } else if (task.kind === 'start') {
      this.#start = task;
    } else if (task.kind === 'gather') {
      this.#gather(task.slice);
    } else {
      return { sums: this.#writer?.finish(), requests: this.#requests };
    }
    return {};
  }

  #openSpill(): SpillWriter {
    this.#spill ??= new SpillWriter(this.#setup.spill);
    return this.#spill;
  }

  #scan(segment: SegmentFile): void {
    const path = join(this.#setup.segments, segment.file);
    const file = readVerified(path, segment, this.#scratch);
    let rows: number;
    try {
      rows = scanRecords(
        file,
        this.#grouping,
        this.#setup.partitions,
        this.#requesters,
        this.#openSpill(),
        this.#scratch,
      );
    } catch (error) {
      // Its SHA-256 is right, so it was written so: by a newer or by a faulty program.
      if (error instanceof RangeError || error instanceof TypeError) {
        throw new DamagedCacheError(path, `it cannot be read (${error.message})`, error);
      }
      throw error;
    }
    if (rows !== segment.rows) {
      throw new DamagedCacheError(path, `it holds ${rows} records, not ${segment.rows}`);
    }
  }

  #gather(slice: Slice): void {
    if (this.#start === undefined) throw new TypeError('gather before start');
    const { spills, numbers, requesters } = this.#start;
    const words = slice.flat().reduce((sum, extent) => sum + extent.words, 0);
    const buffer = this.#scratch.words('slice', words);
    const ends: number[] = [];
    let at = 0;
    for (const [source, extents] of slice.entries()) {
      at = readExtents(spills[source] as string, extents, buffer, at);
      ends.push(at);
    }
    this.#writer ??= new SumsFileWriter(this.#setup.rollups, this.#setup.hasWeeks);
    const writer = this.#writer;
    this.#sums ??= new DatasetSums(requesters);
    const take = (dataset: string, sums: DatasetSums): void => {
      writer.add(textOfLatin1(dataset), sums);
      [sums.byDay, sums.byAsset, sums.byRequester].forEach((kind, i) => {
        this.#requests[i as 0 | 1 | 2] += kind.requestsInAll();
      });
    };
    gather(buffer, ends, numbers, this.#sums, take, this.#setup.hasWeeks);
  }
}

function readWhole(path: string, scratch: Scratch): Uint8Array {
  const fd = openOwnFile(path);
  try {
    const bytes = scratch.bytes('file', fstatSync(fd).size);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(fd, bytes, done, bytes.length - done, done);
      if (read === 0) return bytes.subarray(0, done);
      done += read;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** A file whose size and SHA-256 are those recorded. @throws {DamagedCacheError} */
function readVerified(path: string, { bytes, sha256 }: SegmentFile, scratch: Scratch): Uint8Array {
  let file: Uint8Array;
  try {
    file = readWhole(path, scratch);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new DamagedCacheError(path, 'it is missing', error);
  }
  if (file.length !== bytes) {
    throw new DamagedCacheError(path, `it has ${file.length} bytes, ${bytes} were written`);
  }
  if (createHash('sha256').update(file).digest('hex') !== sha256) {
    throw new DamagedCacheError(path, 'its SHA-256 is not the recorded one');
  }
  return file;
}

import type { BulkSealer } from '../../cache/seal-many.js';
import type { RecordBatch } from './record-batch.js';
import { type WrittenSegments, writeBatch } from './write-batch.js';

/** Segments on their way to the disk at once; encoded ones are small, but a slow disk must not let them pile up. */
const MOST_ON_THEIR_WAY = 2;

/** Writes what a worker has in hand, without making it wait for the disk. */
export class SegmentStore {
  private segments: WrittenSegments = { records: [], rejects: [] };
  private stores: Promise<void>[] = [];
  private readonly onTheirWay = new Set<Promise<void>>();
  private sequence = 0;

  constructor(
    private readonly folder: string,
    private readonly worker: string,
    private readonly sealer: BulkSealer,
  ) {}

  /** Encode a batch for a commit, empty it, and begin to store it. */
  write(batch: RecordBatch, commit: string): void {
    if (batch.isEmpty()) {
      batch.clear();
      return;
    }
    const stem = `${commit}-${this.worker}-${++this.sequence}`;
    const store = Promise.resolve(writeBatch(batch, this.folder, stem, this.sealer, this.segments));
    this.stores.push(store);
    this.onTheirWay.add(store);
    const done = (): boolean => this.onTheirWay.delete(store);
    // A failure is told by `settle`.
    store.then(done, done);
  }

  /** Wait until few segments are on their way. */
  async keepUp(): Promise<void> {
    while (this.onTheirWay.size > MOST_ON_THEIR_WAY) {
      await Promise.race(this.onTheirWay).catch(() => undefined);
    }
  }

  /**
   * Take leave of what was written since the last time.
   *
   * @returns its segments, once all are durable
   * @throws {CacheWriteError}
   */
  async settle(): Promise<WrittenSegments> {
    const { segments, stores } = this;
    this.segments = { records: [], rejects: [] };
    this.stores = [];
    await Promise.all(stores);
    return segments;
  }
}

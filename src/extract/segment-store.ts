import type { BulkSealer } from '../../cache/seal-many.js';
import type { RecordBatch } from './record-batch.js';
import type { PipelineOutcome, RecordPipeline } from './record-pipeline.js';
import { emptySegments, type WrittenSegments, writeBatch } from './write-batch.js';

/** Segments on their way to the disk at once; encoded ones are small, but a slow disk must not let them pile up. */
const MOST_ON_THEIR_WAY = 2;

/** Writes what a worker has in hand, without making it wait for the disk. */
export class SegmentStore {
  private segments: WrittenSegments = emptySegments();
  private stores: Promise<void>[] = [];
  private readonly onTheirWay = new Set<Promise<void>>();
  private sequence = 0;
  /** Why a segment could not be stored: there is no use in going on. */
  private failure: unknown;

  constructor(
    private readonly folder: string,
    private readonly worker: string,
    private readonly sealer: BulkSealer,
    private readonly pipeline?: RecordPipeline | undefined,
  ) {}

  /**
   * Encode a batch for a commit, empty it, and begin to store it.
   *
   * @throws {CacheWriteError} an earlier one could not be stored
   * @throws what a handler of the pipeline throws
   */
  write(batch: RecordBatch, commit: string): void {
    this.requireHealth();
    if (batch.isEmpty()) {
      batch.clear();
      return;
    }
    const stem = `${commit}-${this.worker}-${++this.sequence}`;
    const outcome = this.outcomeOf(batch, commit, stem);
    const store = Promise.resolve(
      writeBatch(batch, this.folder, stem, this.sealer, this.segments, outcome),
    );
    this.stores.push(store);
    this.onTheirWay.add(store);
    store.then(
      () => this.onTheirWay.delete(store),
      (error: unknown) => {
        this.failure ??= error;
        this.onTheirWay.delete(store);
      },
    );
  }

  /** Whether {@link keepUp} has something to wait for. */
  get isBehind(): boolean {
    return this.onTheirWay.size > MOST_ON_THEIR_WAY;
  }

  /**
   * Wait until few segments are on their way.
   *
   * @throws {CacheWriteError} one could not be stored
   */
  async keepUp(): Promise<void> {
    while (this.isBehind) await Promise.race(this.onTheirWay).catch(() => undefined);
    this.requireHealth();
  }

  private outcomeOf(batch: RecordBatch, commit: string, stem: string): PipelineOutcome | undefined {
    if (this.pipeline === undefined || batch.rows === 0) return undefined;
    try {
      return this.pipeline.handle(batch, commit, stem);
    } catch (error) {
      batch.clear();
      throw error;
    }
  }

  private requireHealth(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /**
   * Take leave of what was written since the last time.
   *
   * @returns its segments, once all are durable
   * @throws {CacheWriteError}
   */
  async settle(): Promise<WrittenSegments> {
    const { segments, stores } = this;
    this.segments = emptySegments();
    this.stores = [];
    await Promise.all(stores);
    return segments;
  }
}

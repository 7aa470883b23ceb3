import type { KnownFile, Ledger } from '../../cache/ledger.js';
import type { BucketAccess } from '../source/bucket/access.js';
import type { BucketOptions } from '../source/bucket/bucket-options.js';
import { folderOf } from '../source/bucket/bucket-url.js';
import { ObjectRemover } from '../source/bucket/delete-objects.js';
import { BucketListing, listBucket } from '../source/bucket/list-bucket.js';
import { type Bucket, openBucket } from '../source/bucket/open-bucket.js';
import { ENCODING } from '../source/encoding.js';
import { displayPath, type LogPath } from '../source/log-path.js';
import { UnreadableFileError } from '../source/unreadable-file.js';
import type { SourceEntries, SourceFile } from '../source/walk-folder.js';
import { compareObject } from './compare-object.js';
import type { ExtractionBucket } from './extraction.js';
import type { NewFile } from './plan-files.js';
import { ObjectReader } from './read-object.js';
import type { BucketReport } from './report.js';

/** Known objects that are looked up together before they are deleted. */
const MOST_KNOWN = 2_000;

/**
 * A bucket that logs are extracted from: what a plan and an extraction need of it, and the deletion of what was extracted.
 */
export class BucketSource implements ExtractionBucket {
  readonly listing = new BucketListing();
  readonly #reader = new ObjectReader();
  readonly #remover: ObjectRemover;
  /** Known before this run, and to be deleted. */
  #known: { readonly file: SourceFile; readonly name: string }[] = [];
  /** Objects that stay, since lines of them were rejected. */
  #kept = 0;

  private constructor(
    private readonly bucket: Bucket,
    private readonly options: BucketOptions,
    private readonly ledger: Ledger,
    warn: (message: string) => void,
  ) {
    this.#remover = new ObjectRemover(bucket, (path, reason) =>
      warn(`Could not delete ${displayPath(path)}: ${reason}; it stays.`),
    );
  }

  /** @throws {BucketUrlError} @throws {EndpointError} */
  static async open(
    source: string,
    options: BucketOptions,
    ledger: Ledger,
    warn: (message: string) => void,
  ): Promise<BucketSource> {
    return new BucketSource(await openBucket(source, options), options, ledger, warn);
  }

  /** What paths of objects are relative to, as commits have it. */
  get root(): string {
    return `s3://${this.bucket.bucket}/${folderOf(this.bucket)}`;
  }

  /** See `listBucket`. What is deleted meanwhile keeps up with what is found. */
  async *entries(): AsyncGenerator<SourceEntries, void> {
    for await (const entries of listBucket(this.bucket, this.options, this.listing)) {
      yield entries;
      if (this.#known.length >= MOST_KNOWN) {
        await this.#removeKnown();
        await this.#remover.settled();
      }
    }
  }

  readonly compare = (
    file: SourceFile,
    known: KnownFile,
  ): Promise<'same' | 'different' | 'unreadable'> =>
    compareObject(file, known, this.#reader, () => this.access());

  /** An object is as it was when an earlier run extracted it. */
  readonly known = (file: SourceFile, name: string): void => {
    if (this.options.deleteAfter) this.#known.push({ file, name });
  };

  /** Objects are in a commit that is real. What was rejected of them stands nowhere else, and what is no log at all is somebody's. */
  readonly committed = (files: readonly NewFile[], rejected: readonly number[]): void => {
    if (!this.options.deleteAfter) return;
    const spent = files.filter((_, i) => rejected[i] === 0);
    this.#kept += files.length - spent.length;
    this.#remover.add(spent);
  };

  access(): Promise<BucketAccess> {
    return this.bucket.access();
  }

  async isCompressed(file: NewFile): Promise<boolean> {
    try {
      const encoding = await this.#reader.encodingOf(file, await this.access());
      return encoding !== ENCODING.plain;
    } catch (error) {
      // Why it cannot be read shows in a worker.
      if (error instanceof UnreadableFileError) return true;
      throw error;
    }
  }

  /** Wait until all that may be deleted is; while the ledger is open. */
  async settle(): Promise<void> {
    await this.#removeKnown();
    await this.#remover.settled();
  }

  report(): BucketReport {
    const { deleted, notDeleted } = this.#remover;
    return { held: this.listing.held, deleted, kept: this.#kept, notDeleted };
  }

  close(): void {
    this.#reader.close();
    this.bucket.close();
  }

  /** What is deleted is looked up by its very name: that hashes agree is enough to leave it unread, not to delete it. */
  async #removeKnown(): Promise<void> {
    const found = this.#known.map((one) => ({
      ...one,
      commit: this.ledger.likelyCommit(one.name),
    }));
    this.#known = [];
    // Commit by commit, so that each commit's ledger is read once.
    found.sort((one, other) => (one.commit ?? 0) - (other.commit ?? 0));
    const spent: { readonly path: LogPath; readonly etag?: string | undefined }[] = [];
    for (const { file, name, commit } of found) {
      if (commit === undefined) continue;
      const known = await this.ledger.find(commit, name);
      const isIt =
        known?.sizeBytes === file.sizeBytes &&
        known.modifiedMs === file.modifiedMs &&
        known.encoding !== ENCODING.unknown;
      if (!isIt) continue;
      if (known.rejected === 0) spent.push(file);
      else this.#kept++;
    }
    this.#remover.add(spent);
  }
}

/**
 * See to it that a bucket can be listed, before anything is made for it.
 *
 * @throws {S3LogExtractionError}
 */
export async function requireBucket(source: string, options: BucketOptions): Promise<void> {
  const bucket = await openBucket(source, options);
  try {
    await bucket.access();
  } finally {
    bucket.close();
  }
}

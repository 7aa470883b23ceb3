import type { Shard } from '../../cache/shards/shard.js';
import type { PipelineDefinition } from '../pipeline/pipeline-file.js';
import type { BucketOptions } from '../source/bucket/bucket-options.js';
import type { Inventory } from '../source/inventory/open-inventory.js';
import type { SourceEntries, SourceFile } from '../source/walk-folder.js';
import type { ExtractionMode } from './extraction-mode.js';
import type { FoundFile } from './read-log-file.js';
import type { WorkerThreads } from './worker-threads.js';

/** How far a run is. Totals are lower bounds until `isPlanned`. */
export interface ExtractionProgress {
  readonly filesDone: number;
  readonly filesPlanned: number;
  /** Stored bytes. */
  readonly bytesDone: number;
  readonly bytesPlanned: number;
  readonly isPlanned: boolean;
}

export interface ExtractOptions {
  /** Folder with log files (or one file), or `s3://bucket/folder`, see {@link parseBucketUrl}. */
  readonly source: string;
  /** Of a bucket. */
  readonly bucket?: BucketOptions | undefined;
  /** Worker threads, at least 1. */
  readonly workers: number;
  /** Threads started in advance, if any; whoever started them closes them. */
  readonly threads?: WorkerThreads | undefined;
  /** Default: that of the commits there are, else `generic`. */
  readonly mode?: ExtractionMode | undefined;
  /** Expression (RE2) for addresses, as text, whose records are not kept. */
  readonly skippedAddresses?: string | undefined;
  /** Handlers that records go through on their way into the cache. */
  readonly pipeline?: PipelineDefinition | undefined;
  /** Names of the only files to extract; default: all. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Extract the log files of this shard alone; default: all. */
  readonly shard?: Shard | undefined;
  /** Files handed over one by one, in place of those below the source. */
  readonly given?: GivenFiles | undefined;
  /** What lists the files to extract; without it all files below the source are. */
  readonly inventory?: SourceInventory | undefined;
  /** New files to extract at most. */
  readonly limit?: number;
  /** What handlers of the pipeline tell. */
  readonly onNote?: (message: string) => void;
  /** Something a person should know that ends nothing: a file that cannot be read, for example. */
  readonly onWarning?: (message: string) => void;
  /** Called a few times a second. */
  readonly onProgress?: (progress: ExtractionProgress) => void;
  /** Asked often; true ends the run as soon as the files in hand are committed. */
  readonly shouldStop?: () => boolean;
}

/**
 * Files that somebody hands over one by one, and is told what becomes of each. Something else than a log fails here, rather than being
 * committed without records. What a stop leaves unread, nothing is told of.
 */
export interface GivenFiles {
  /** Their relative paths are what they would be below the source. */
  entries(): AsyncGenerator<SourceEntries, void>;
  /** In a commit that is real. @param rejected how many of its lines were refused */
  committed(file: FoundFile & Pick<SourceFile, 'relativePath'>, rejected: number): void;
  /** In an earlier commit, or a copy of one that is. */
  known(file: SourceFile): void;
  /** Of a name that is in a commit, with other content. */
  changed(file: SourceFile, reason: string): void;
  /** Could not be read, or compared with the one extracted. */
  failed(file: FoundFile & Pick<SourceFile, 'relativePath'>, reason: string): void;
}

/** An inventory of the bucket that the source is a copy of. */
export interface SourceInventory {
  readonly inventory: Inventory;
  /** Folder in the bucket that the source is a copy of; default: the whole bucket. */
  readonly prefix?: string | undefined;
}

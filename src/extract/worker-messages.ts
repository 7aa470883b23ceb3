import type { PipelineDefinition } from '../pipeline/pipeline-file.js';
import type { BucketAccess } from '../source/bucket/access.js';
import type { ExtractionMode } from './extraction-mode.js';
import type { PackedFiles, PlannedFile } from './packed-files.js';
import type { BatchLimits } from './record-batch.js';
import type { WrittenSegments } from './write-batch.js';

/** What a worker gets once, before its first request. */
export interface WorkerSetup {
  readonly index: number;
  readonly segmentsFolder: string;
  /** 16 bytes; never leaves memory. */
  readonly sealingKey: Uint8Array;
  readonly limits: BatchLimits;
  readonly mode: ExtractionMode;
  /** Expression for addresses whose records are not kept; see address-filter.ts. */
  readonly skippedAddresses: string | undefined;
  /** Whether files that are no logs at all fail, see no-log.ts. */
  readonly refusesNonLogs: boolean;
  /** Handlers that records go through. */
  readonly pipeline?: PipelineDefinition | undefined;
  /** One counter per worker: stored bytes read so far. */
  readonly progress: BigInt64Array;
  /** Not 0 once the run is to stop. */
  readonly stopFlag: Int32Array;
}

export interface SetupMessage {
  readonly kind: 'setup';
  readonly setup: WorkerSetup;
}

/** Why a file was given up when the run was asked to stop; the next run reads it. */
export const STOPPED = 'stopped';

/** Read these files; their records join what the worker has in hand for this commit. */
export interface FilesRequest {
  readonly kind: 'files';
  readonly commit: string;
  readonly files: PackedFiles;
  /** Of a bucket. */
  readonly access?: BucketAccess | undefined;
}

/**
 * Read the lines of a file that begin from `start` up to `end`, or, without a range, the whole of a
 * compressed one. Its records join what the worker has in hand; when that becomes too much, some of them are
 * written, so that a failure spoils the whole commit.
 */
export interface PartRequest {
  readonly kind: 'part';
  readonly commit: string;
  readonly file: PlannedFile;
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** Of a bucket. */
  readonly access?: BucketAccess | undefined;
}

/** Write what the worker has in hand. The reply comes at once; {@link StoredMessage} when all is durable. */
export interface FlushRequest {
  readonly kind: 'flush';
  readonly commit: string;
}

/** Forget what the worker has in hand, and remove what it has written of it. */
export interface DropRequest {
  readonly kind: 'drop';
  readonly commit: string;
}

/** What was flushed for a commit is real, or never will be: handlers commit, or roll back. Answered by {@link SettledMessage}. */
export interface SettleRequest {
  readonly kind: 'settle';
  /** Undefined: all that there are. */
  readonly commit: string | undefined;
  readonly isReal: boolean;
}

/** Comes while the worker is at other requests. */
export interface SettledMessage {
  readonly kind: 'settled';
  readonly commit: string | undefined;
}

/** Something that a handler tells. */
export interface LogMessage {
  readonly kind: 'log';
  readonly level: 'info' | 'warning';
  readonly message: string;
}

export type WorkerRequest = FilesRequest | PartRequest | FlushRequest | DropRequest;

/** Numbers per file in {@link FileNumbers.numbers}, in this order. */
export const FILE_NUMBERS = [
  'lines',
  'kept',
  'skipped',
  'rejected',
  'contentBytes',
  'encoding',
  'check',
] as const;

/** What became of the files of a request; nothing in it per line, little per file. */
export interface FileNumbers {
  /** {@link FILE_NUMBERS} of every file, one file after the other; zeros for those not read. */
  readonly numbers: Float64Array;
  /** Index of a file and why it could not be read. */
  readonly failures: readonly (readonly [number, string])[];
  /** Indexes of files with more content than can be held; they are to be read by a commit of their own. */
  readonly large: readonly number[];
  /** Sums over all files read: rejected lines by reason, and lines by note. */
  readonly reasons: Float64Array;
  readonly notes: Float64Array;
}

export type WorkerReply =
  | ({ readonly kind: 'files' } & FileNumbers)
  | ({ readonly kind: 'part' } & FileNumbers)
  | { readonly kind: 'flush' }
  | { readonly kind: 'drop' };

/** What was flushed for a commit is durable. Comes while the worker is at other requests. */
export interface StoredMessage {
  readonly kind: 'stored';
  readonly commit: string;
  readonly segments: WrittenSegments;
}

export interface ErrorMessage {
  readonly kind: 'error';
  readonly error: SerializedError;
}

export type WorkerMessage =
  | WorkerReply
  | StoredMessage
  | SettledMessage
  | LogMessage
  | ErrorMessage;

/** An error as it crosses between threads; classes do not. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

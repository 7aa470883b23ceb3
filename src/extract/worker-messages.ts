import type { FoundFile } from './read-log-file.js';
import type { BatchLimits } from './record-batch.js';
import type { WrittenSegments } from './write-batch.js';

/** What a worker gets once, when it starts. */
export interface WorkerSetup {
  readonly index: number;
  readonly segmentsFolder: string;
  /** 16 bytes; never leaves memory. */
  readonly sealingKey: Uint8Array;
  readonly limits: BatchLimits;
  /** One counter per worker: stored bytes read so far. */
  readonly progress: BigInt64Array;
  /** Not 0 once the run is to stop. */
  readonly stopFlag: Int32Array;
}

/** Why a file was given up when the run was asked to stop; the next run reads it. */
export const STOPPED = 'stopped';

/** A log file to extract. */
export interface PlannedFile extends FoundFile {
  readonly name: string;
}

/** Read these files; their records join what the worker has in hand for this commit. */
export interface FilesRequest {
  readonly kind: 'files';
  readonly commit: string;
  readonly files: readonly PlannedFile[];
}

/**
 * Read one file (or the lines that begin from `start` up to `end`), too large to be held
 * in memory with others: its segments hold nothing else and are dropped when it fails.
 */
export interface LargeFileRequest {
  readonly kind: 'large file';
  readonly commit: string;
  readonly file: PlannedFile;
  readonly part: { readonly start: number; readonly end: number } | undefined;
}

/** Write what the worker has in hand for this commit. */
export interface FlushRequest {
  readonly kind: 'flush';
  readonly commit: string;
}

export type WorkerRequest = FilesRequest | LargeFileRequest | FlushRequest;

/** Numbers per file in {@link FilesReply.numbers}, in this order. */
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
export interface FilesReply {
  readonly kind: 'files';
  /** {@link FILE_NUMBERS} of every file, one file after the other; zeros for those that failed. */
  readonly numbers: Float64Array;
  /** Index of a file and why it could not be read. */
  readonly failures: readonly (readonly [number, string])[];
  /** Sums over all files read: rejected lines by reason, and lines by note. */
  readonly reasons: Uint32Array;
  readonly notes: Uint32Array;
}

export interface LargeFileReply extends Omit<FilesReply, 'kind'> {
  readonly kind: 'large file';
  readonly segments: WrittenSegments;
}

export type WorkerReply =
  | FilesReply
  | LargeFileReply
  | { readonly kind: 'flush'; readonly segments: WrittenSegments }
  | { readonly kind: 'error'; readonly error: SerializedError };

/** An error as it crosses between threads; classes do not. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

import type { SerializedError } from '../extract/worker-messages.js';
import type { ObjectOutcome } from './collect-batch.js';
import type { LogObject, ReaderAccess } from './log-source.js';
import type { DatabaseSettings } from './settings.js';

/** What a thread that collects works with. */
export interface CollectSetup {
  readonly settings: DatabaseSettings;
  /** The sealing key. */
  readonly key: Uint8Array;
  readonly runId: string;
}

/** Log objects for one transaction. */
export interface BatchRequest {
  readonly objects: readonly LogObject[];
  readonly access: ReaderAccess;
}

/** How long a transaction took, and how often it was begun. */
export interface BatchTiming {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attempts: number;
}

export type CollectReply =
  | {
      readonly kind: 'done';
      readonly outcomes: readonly ObjectOutcome[];
      readonly timing: BatchTiming;
    }
  | { readonly kind: 'error'; readonly error: SerializedError };

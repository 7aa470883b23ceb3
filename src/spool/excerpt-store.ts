import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { RequestFailure } from '../ip/lookup/retry.js';
import { hasOwnText, writeOwnText } from './own-text.js';
import type { RemoteStore } from './remote-store.js';
import type { SpoolPaths } from './spool-paths.js';

const MOST_REMEMBERED = 10_000;

/** How long a text may take, and all texts of a round; then, and after some failures, the others of the round stay here. */
const PUT_MS = 5_000;
const ROUND_MS = 10_000;
const MOST_FAILURES = 3;

/** How often it is asked whether to stop. */
const LOOK_MS = 100;

export interface ExcerptStoreOptions {
  /** Undefined: all texts stay in the spool. */
  readonly remote: Pick<RemoteStore, 'host' | 'put'> | undefined;
  readonly onWarning: (message: string) => void;
  readonly shouldStop: () => boolean;
  /** Texts that are known to be at the store; beyond that the one that was not met for longest is forgotten (invariant I7). */
  readonly mostRemembered?: number;
  /** How long all texts of a round may take. */
  readonly roundMs?: number;
}

/** Where a text is. */
export interface StoredText {
  /** Of a store; or the path below the spool. */
  readonly url: string;
  readonly isSent: boolean;
}

/**
 * Keeps masked texts by their hash: at a store, else in the spool. The same text is kept once. A store that fails or is slow costs a round
 * little time: its texts stay in the spool.
 */
export class ExcerptStore {
  /** Addresses by hash, those met last at the end. */
  private readonly sent = new Map<string, string>();
  private failures = 0;
  private spentMs = 0;

  constructor(
    private readonly paths: SpoolPaths,
    private readonly options: ExcerptStoreOptions,
  ) {}

  /** A new round: the store is asked again. */
  beginRound(): void {
    this.failures = 0;
    this.spentMs = 0;
  }

  /** @throws what the system says, where it cannot be kept in the spool either */
  async put(text: string): Promise<StoredText> {
    const name = `${createHash('sha256').update(text).digest('hex')}.txt`;
    const known = this.sent.get(name);
    const url = known ?? (await this.send(name, text));
    if (url !== undefined) {
      this.remember(name, url);
      return { url, isSent: true };
    }
    const path = join(this.paths.excerpts, name);
    if (!hasOwnText(path, text)) writeOwnText(this.paths, path, text);
    return { url: relative(this.paths.root, path), isSent: false };
  }

  private remember(name: string, url: string): void {
    this.sent.delete(name);
    this.sent.set(name, url);
    const { mostRemembered = MOST_REMEMBERED } = this.options;
    if (this.sent.size > mostRemembered) this.sent.delete(this.sent.keys().next().value as string);
  }

  /** @returns undefined when the store does not have it */
  private async send(name: string, text: string): Promise<string | undefined> {
    const { remote, onWarning, shouldStop } = this.options;
    if (remote === undefined || this.failures >= MOST_FAILURES || shouldStop()) return undefined;
    const { roundMs = ROUND_MS } = this.options;
    const leftMs = Math.min(PUT_MS, roundMs - this.spentMs);
    if (leftMs <= 0) {
      onWarning(
        `Sending excerpts to ${remote.host} takes long: the others of the round stay in the spool.`,
      );
      return undefined;
    }
    const stop = new AbortController();
    const timer = setInterval(() => {
      if (shouldStop()) stop.abort();
    }, LOOK_MS);
    const startedAt = performance.now();
    try {
      return await remote.put(name, text, Math.ceil(leftMs), stop.signal);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      if (error.kind === 'stopped') return undefined;
      this.failures++;
      onWarning(
        `Could not send excerpts to ${remote.host}: ${error.reason}; they stay in the spool.`,
      );
      return undefined;
    } finally {
      clearInterval(timer);
      this.spentMs += performance.now() - startedAt;
    }
  }
}

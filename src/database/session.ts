import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, connect, disconnect } from './connection.js';
import {
  DatabaseUnreachableError,
  databaseError,
  isConnectionLoss,
  isContention,
} from './database-error.js';
import type { DatabaseSettings } from './settings.js';

/** A server that restarts is back within that; some half a minute in all. */
const LOSS_PAUSES_MS = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000];
const MOST_CONTENTIONS = 20;
const CONTENTION_PAUSE_MS = 500;

/**
 * Connections that are opened when they are needed, and anew when they have broken. Several may use them at once: they wait for the same
 * connection, since one that nobody knows of any more would keep the process alive for ever.
 */
export class Session {
  private main: Promise<Connection> | undefined;
  private other: Promise<Connection> | undefined;

  constructor(readonly settings: DatabaseSettings) {}

  /** A second connection, for what is committed by itself. */
  side(): Promise<Connection> {
    this.other ??= connect(this.settings);
    return this.other;
  }

  /**
   * Do something that may be done again from its beginning: it is when the connection breaks or others are in its way.
   *
   * @param doing an infinitive, for messages
   * @param onRetry called before each further attempt
   * @throws {DatabaseLostError} and others that say what is wrong
   */
  async run<T>(
    doing: string,
    work: (client: Connection) => Promise<T>,
    onRetry: (isLoss: boolean) => void = () => undefined,
  ): Promise<T> {
    let losses = 0;
    let contentions = 0;
    for (;;) {
      this.main ??= connect(this.settings);
      const used = this.main;
      try {
        return await work(await used);
      } catch (error) {
        const isLoss = error instanceof DatabaseUnreachableError || isConnectionLoss(error);
        const isRetried = isLoss
          ? losses < LOSS_PAUSES_MS.length
          : isContention(error) && contentions < MOST_CONTENTIONS;
        if (!isRetried) throw databaseError(error, this.settings, doing) ?? error;
        if (isLoss) {
          await this.giveUp(used);
          await wait(LOSS_PAUSES_MS[losses++]);
        } else {
          contentions++;
          await wait(Math.random() * CONTENTION_PAUSE_MS);
        }
        onRetry(isLoss);
      }
    }
  }

  async close(): Promise<void> {
    const open = [this.main, this.other];
    this.main = undefined;
    this.other = undefined;
    await Promise.all(open.map(ended));
  }

  /** Another that lost the same connection may have a new one by now. */
  private async giveUp(lost: Promise<Connection>): Promise<void> {
    if (this.main === lost) await this.close();
    else await ended(lost);
  }
}

async function ended(connection: Promise<Connection> | undefined): Promise<void> {
  const client = await connection?.catch(() => undefined);
  if (client !== undefined) await disconnect(client);
}

import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams';
import type { Connection } from './connection.js';

/** Sent and not yet taken by the system, at most; more is waited for. */
const MOST_IN_FLIGHT = 2;

/** "PGCOPY", a signature, no flags, no extension ("COPY" in the PostgreSQL manual). */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = Buffer.from('ffff', 'hex');

/** One COPY into a table, in binary form. A failure of any kind comes out of whatever is waited for next. */
export class CopyIn {
  private readonly stream: CopyStreamQuery;
  private readonly ended: Promise<void>;
  private inFlight = 0;
  private wake: () => void = () => undefined;
  private failure: Error | undefined;

  constructor(client: Connection, table: string, columns: readonly string[]) {
    this.stream = client.query(
      copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN WITH (FORMAT binary)`),
    );
    this.ended = new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.failure ??= error;
        this.dropUnsent();
        this.wake();
        reject(error);
      };
      const onEnd = (): void => fail(new Error('Connection terminated'));
      this.stream.on('error', fail);
      this.stream.on('finish', resolve);
      this.stream.on('close', () => client.off('end', onEnd));
      // Of a connection that breaks while nothing is being asked nobody else tells the stream.
      client.once('end', onEnd);
    });
    this.ended.catch(() => undefined);
    this.stream.write(HEADER);
  }

  /** Send rows; waits while much is on its way. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.inFlight++;
    this.stream.write(bytes, () => {
      this.inFlight--;
      this.wake();
    });
    while (this.inFlight > MOST_IN_FLIGHT && this.failure === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** End it well. @returns the rows that the server has counted */
  async end(): Promise<number> {
    if (this.failure !== undefined) throw this.failure;
    this.stream.end(TRAILER);
    await this.ended;
    return this.stream.rowCount;
  }

  /** Give it up: the transaction it is in can only be rolled back. */
  async abandon(): Promise<void> {
    if (this.failure === undefined) this.stream.destroy(new Error('given up by the client'));
    await this.ended.catch(() => undefined);
  }

  /** The stream would go on with what it holds after a failure, without the connection, which it has let go by then. */
  private dropUnsent(): void {
    this.stream.cork();
    Reflect.set(this.stream, 'chunks', []);
  }
}

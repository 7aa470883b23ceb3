import { setImmediate as nextTurn } from 'node:timers/promises';

/** Moves before everything else gets its turn. */
const MOVES_PER_TURN = 64;

/** From so many on, who finds files waits for them to be moved: memory stays bounded (invariant I7). */
const MOST_QUEUED = 10_000;

/** Does one thing after the other, in the order given, beside what else goes on. */
export class MoveQueue {
  private readonly queue: (() => Promise<void>)[] = [];
  private running: Promise<void> | undefined;

  /** @param move must not throw */
  add(move: () => Promise<void>): void {
    this.queue.push(move);
    this.running ??= this.run();
  }

  /** Wait where too much is to be done. */
  async keepUp(): Promise<void> {
    if (this.queue.length >= MOST_QUEUED) await this.settled();
  }

  /** Wait until all that was added is done. */
  async settled(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    for (let done = 0; done < this.queue.length; done++) {
      await this.queue[done]();
      if (done % MOVES_PER_TURN === MOVES_PER_TURN - 1) {
        this.queue.splice(0, done + 1);
        done = -1;
        await nextTurn();
      }
    }
    this.queue.length = 0;
    this.running = undefined;
  }
}

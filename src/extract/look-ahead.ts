import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FilePlan, NewFile } from './plan-files.js';

/** Files planned ahead of the workers, so that the work left is known early and memory stays bounded. */
const MOST_AHEAD = 100_000;
/** Listing yields to everything else that often. */
const FILES_PER_TURN = 256;

/** Runs the plan ahead of the workers and sums up what is to be read. */
export class LookAhead implements AsyncIterator<NewFile> {
  /** Of all files planned so far. */
  readonly planned = { files: 0, bytes: 0 };
  private readonly queue: NewFile[] = [];
  private head = 0;
  private isPassOver = true;
  private failure: unknown;
  private wake: () => void = () => {};
  private readonly changed = { promise: Promise.resolve() };

  /**
   * @param limit files to hand out at most; the plan is gone through to its end all the same, so that what
   *   is known is counted
   * @param onLimit called once the limit is reached: where files come from may end there
   */
  constructor(
    private readonly plan: FilePlan,
    private limit: number,
    private readonly onLimit: () => void = () => {},
  ) {
    this.arm();
    this.nextPass(limit);
  }

  /** Whether there are no more, so that `planned` is the whole of it. */
  get isComplete(): boolean {
    return this.isPassOver && this.plan.isComplete;
  }

  /**
   * Begin the next pass of the plan, when the files of the one before are committed or have failed.
   *
   * @param limit of files that it hands out
   * @returns false when there is none
   */
  nextPass(limit: number): boolean {
    if (this.plan.isComplete) return false;
    this.limit = this.planned.files + limit;
    this.isPassOver = false;
    this.pump().catch((error: unknown) => {
      this.failure = error;
      this.isPassOver = true;
      this.signal();
    });
    return true;
  }

  async next(): Promise<IteratorResult<NewFile, undefined>> {
    for (;;) {
      if (this.head < this.queue.length) {
        const value = this.queue[this.head++];
        if (this.head >= 4096 && this.head * 2 > this.queue.length) {
          this.queue.splice(0, this.head);
          this.head = 0;
        }
        this.signal();
        return { done: false, value };
      }
      if (this.failure !== undefined) throw this.failure;
      if (this.isPassOver) return { done: true, value: undefined };
      await this.changed.promise;
    }
  }

  /** Plan no further. */
  async return(): Promise<IteratorResult<NewFile, undefined>> {
    this.plan.stop();
    this.isPassOver = true;
    this.signal();
    return { done: true, value: undefined };
  }

  private async pump(): Promise<void> {
    for (let count = 0; !this.isPassOver; count++) {
      if (this.queue.length - this.head >= MOST_AHEAD) {
        await this.changed.promise;
        continue;
      }
      const file = await this.plan.next();
      if (file === undefined) break;
      // Beyond the limit files are found and counted, no more.
      if (this.planned.files < this.limit) {
        this.queue.push(file);
        this.planned.files++;
        this.planned.bytes += file.sizeBytes;
        if (this.planned.files >= this.limit) this.onLimit();
        this.signal();
      } else {
        this.plan.giveBack(file);
      }
      if (count % FILES_PER_TURN === 0) await nextTurn();
    }
    this.isPassOver = true;
    this.signal();
  }

  private signal(): void {
    const { wake } = this;
    this.arm();
    wake();
  }

  private arm(): void {
    this.changed.promise = new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

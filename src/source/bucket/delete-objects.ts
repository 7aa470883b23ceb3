import pLimit from 'p-limit';
import type { LogPath } from '../log-path.js';
import type { Bucket } from './open-bucket.js';

const AT_ONCE = 16;

/** An object that may go. */
export interface SpentObject {
  readonly path: LogPath;
  /** As it was read. */
  readonly etag?: string | undefined;
}

/** Deletes objects while other work goes on; what became of them is counted. */
export class ObjectRemover {
  deleted = 0;
  notDeleted = 0;
  readonly #limit = pLimit(AT_ONCE);
  readonly #pending = new Set<Promise<void>>();

  /** @param onProblem told of each object that stays, and why */
  constructor(
    private readonly bucket: Pick<Bucket, 'remove'>,
    private readonly onProblem: (path: LogPath, reason: string) => void,
  ) {}

  /** Delete objects whose records are in commits for good. */
  add(objects: readonly SpentObject[]): void {
    for (const object of objects) {
      const pending = this.#limit(() => this.#remove(object)).finally(() =>
        this.#pending.delete(pending),
      );
      this.#pending.add(pending);
    }
  }

  /** Wait until all that was added has been seen to. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #remove({ path, etag }: SpentObject): Promise<void> {
    const result = await this.bucket.remove(path, etag);
    // Somebody else has deleted it.
    if (result === 'gone') return;
    if (result === 'removed') {
      this.deleted++;
      return;
    }
    this.notDeleted++;
    this.onProblem(path, result === 'changed' ? 'it changed since it was read' : result.failed);
  }
}

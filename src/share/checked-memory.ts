import { S3LogExtractionError } from '../../cache/error.js';
import {
  cachedMemory,
  type GatheringMemory,
  isRemembered,
  type Remembered,
} from '../../cache/sharing/gathering-memory.js';
import type { SharingPaths } from '../../cache/sharing/sharing-paths.js';
import { reasonOf } from '../pipeline/reason-of.js';

/** A memory that a module brings fails, or does not give back what it was given. */
export class SharingMemoryError extends S3LogExtractionError {
  constructor(why: string, cause?: unknown) {
    super(
      'SHARING_MEMORY_FAILED',
      `The memory of gatherings that a module brings failed: ${why}.`,
      {
        cause,
        hint: 'What was shipped is sent again under the same names, unless the cache remembers it. Mend the module, then run the same command again.',
      },
    );
  }
}

/** The memory of gatherings, in the cache or where a module keeps it: then whatever goes wrong is told as such. */
export class CheckedMemory {
  readonly #memory: GatheringMemory;
  readonly #isOwn: boolean;

  constructor(places: SharingPaths, given: GatheringMemory | undefined) {
    this.#isOwn = given === undefined;
    this.#memory = given ?? cachedMemory(places);
  }

  async read(): Promise<Remembered | undefined> {
    const found = await this.#attempt(() => this.#memory.read());
    if (found === undefined || isRemembered(found)) return found;
    throw new SharingMemoryError('what it read is not what was written');
  }

  async write(remembered: Remembered): Promise<void> {
    await this.#attempt(() => this.#memory.write(remembered));
  }

  async #attempt<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (this.#isOwn || error instanceof S3LogExtractionError) throw error;
      throw new SharingMemoryError(reasonOf(error), error);
    }
  }
}

import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';

/**
 * Tells that something happened in folders. Only a hint that spares time: events get lost, network file systems have none, and a
 * system may allow no more watches; who asks looks at the folders now and then all the same.
 */
export class SpoolEvents {
  private readonly watchers = new Map<string, FSWatcher>();
  /** When something last happened, by `performance.now()`; undefined: nothing since {@link forget}. */
  lastMs: number | undefined;

  constructor(private readonly root: string) {}

  /** Listen in these folders, by their paths below the root, and no others. */
  follow(folders: Iterable<string>): void {
    const wanted = new Set(['', ...folders]);
    for (const [folder, watcher] of this.watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.watchers.has(folder)) this.listen(folder);
  }

  forget(): void {
    this.lastMs = undefined;
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private listen(folder: string): void {
    try {
      const path = Buffer.from(join(this.root, folder));
      const watcher = watch(path, { persistent: false }, () => {
        this.lastMs = performance.now();
      });
      watcher.on('error', () => {
        watcher.close();
        this.watchers.delete(folder);
      });
      this.watchers.set(folder, watcher);
    } catch {
      // Gone, or one watch too many.
    }
  }
}

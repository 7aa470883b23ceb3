import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { deliver, hashOf, isThere, logOf, uniqueName } from './spool-scene.mjs';

/** Delivers files, and knows what must become of each. */
export class SpoolFeeder {
  count = 0;
  /** Hash of each content that must stand in one place in the end -> the path it was delivered under. */
  contents = new Map();
  /** Logs taken already, by path: these may come again. */
  paths = [];

  /**
   * @param spool
   * @param truth folder that gets what is to be counted, each log once
   * @param below gives a random number below another one
   */
  constructor(spool, truth, below) {
    this.spool = spool;
    this.truth = truth;
    this.below = below;
  }

  feed() {
    const { below } = this;
    const number = ++this.count;
    const kind = below(12);
    const isHidden = below(2) === 0;
    if (kind === 0) return this.put(`garbage-${number}`, `no log, number ${number}\n`, isHidden);
    if (kind === 1)
      return this.put(
        `cut-${number}.gz`,
        gzipSync(`${number} ${logOf(number)}`).subarray(0, 90),
        isHidden,
      );
    if (kind === 2) return deliver(this.spool, `empty-${number}`, '');
    if (kind === 3) return this.again();
    const text = logOf(number, 5 + below(60));
    const folder = ['', 'a/', 'a/b/', `day-${number % 5}/`][below(4)];
    const base = below(2) === 0 ? uniqueName(number) : `log-${number}`;
    const isPacked = below(3) === 0;
    const path = `${folder}${base}${isPacked ? '.gz' : ''}`;
    this.put(path, isPacked ? gzipSync(text) : text, isHidden);
    deliver(this.truth, base, text);
    this.paths.push(path);
  }

  /** A file that was taken comes again: the very same, or another one under its name. */
  again() {
    const path = this.paths[this.below(this.paths.length)];
    if (path === undefined || isThere(this.spool, path)) return;
    // Read before it is written: what was taken may stand in the archive only.
    if (!isThere(this.spool, `archive/${path}`)) return;
    if (this.below(2) === 0)
      deliver(this.spool, path, readFileSync(join(this.spool, 'archive', path)), true);
    else this.put(path, logOf(100_000 + this.count), true);
  }

  put(path, content, isHidden) {
    this.contents.set(hashOf(content), path);
    deliver(this.spool, path, content, isHidden);
  }
}

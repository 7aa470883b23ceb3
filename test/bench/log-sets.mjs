// Generated logs with their truth, made when first asked for.
import { statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { filesBelow, measure, measureOverFiles, totalBytes } from './measure.mjs';

const SPARE_SPACE = 1.1;
const SPARE_MEMORY = 1.25;

/** `get` makes a set, `clear` removes all there are. */
export function logSets({ scratch, generateBenchmark, say }) {
  const sets = new Map();
  return {
    /**
     * @param shape options of the generator
     * @returns `{name, directory, files, bytes, truth}`; the files are on disk and in the page cache
     */
    async get(name, shape) {
      if (!sets.has(name)) sets.set(name, await make(name, shape));
      return sets.get(name);
    },
    async clear() {
      for (const { directory } of sets.values()) await rm(directory, { recursive: true });
      sets.clear();
    },
  };

  async function make(name, shape) {
    checkSpace(shape.sizeMb * 1e6);
    const directory = join(scratch, name.replace('/', '-'));
    const started = performance.now();
    const truth = await generateBenchmark({ directory, ...shape });
    const seconds = (performance.now() - started) / 1e3;
    say(`${name}: ${shape.sizeMb} MB generated in ${seconds.toFixed(1)} s`);
    // What is still on its way to the disk would slow down the first to be measured.
    await measure('sync', ['-f', directory]).catch(() => measure('sync', []));
    const files = filesBelow(directory);
    await measureOverFiles('cat', [], files, { discard: true });
    return { name, directory, files, bytes: totalBytes(files), truth };
  }

  function checkSpace(bytes) {
    const { bavail, bsize } = statfsSync(scratch);
    if (bavail * bsize < bytes * SPARE_SPACE) {
      throw new Error(
        `Not enough space for ${Math.round(bytes / 1e6)} MB of logs in ${scratch}: name another folder with TMPDIR.`,
      );
    }
    const all = bytes + [...sets.values()].reduce((sum, set) => sum + set.bytes, 0);
    if (all * SPARE_MEMORY > totalmem()) {
      say('The logs do not fit into memory: what is measured is this disk, too.');
    }
  }
}

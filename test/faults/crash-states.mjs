// What may be left of a command's work, for each moment at which the power may fail; and what must hold of all of it, before
// anything is run.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CONTENTS = ['safe', 'empty', 'zeros', 'half', 'now'];

/**
 * @param disk as it was before the command
 * @param journal entries, in order
 * @param random numbers from 0 to 1
 * @returns distinct states: { left, moment } each; those that differ only in what nobody looks at (temporary files, locks) count once
 */
export function* crashStates(disk, journal, random) {
  const seen = new Set();
  for (const [moment, entry] of journal.entries()) {
    disk.apply(entry);
    for (const [changes, content] of variants(random)) {
      const left = disk.after(changes, content);
      const key = keyOf(left);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { left, moment };
    }
  }
}

/** Which changes of names, and which contents, are on the disk. */
function variants(random) {
  const any = () => CONTENTS[Math.floor(random() * CONTENTS.length)];
  const all = () => true;
  const upTo = () => {
    const end = random();
    return (n, count) => n < end * (count + 1);
  };
  const some = () => random() < 0.5;
  return [
    [() => false, () => 'safe'],
    ...CONTENTS.map((content) => [all, () => content]),
    [upTo(), any],
    [upTo(), () => 'empty'],
    [some, any],
    [some, () => 'zeros'],
    [() => random() < 0.85, () => 'half'],
  ];
}

/**
 * Files that nobody looks at after a crash, or that are no more than a sign; and those of `validation/`, which only grow, and of which
 * each record has a check of its own.
 */
const SCRATCH =
  /\.tmp$|^cache\/(?:tmp|lock|stop|validation|share\/lock|shards)\/|^cache\/share\/[0-9a-f]+\/work\//;

function keyOf(left) {
  const hash = createHash('sha256');
  for (const path of [...left.keys()].sort()) {
    if (SCRATCH.test(path)) continue;
    const content = left.get(path);
    hash.update(`${path}\n`);
    if (content === null) continue;
    const { blob, zeros, half, modified } = content;
    hash.update(`${blob} ${zeros} ${half}\n`);
    // By their times published tables and sums are known.
    if (/^cache\/(?:summaries|rollups)\//.test(path)) hash.update(`${modified}\n`);
  }
  return hash.digest('base64');
}

/** What the program has ever had under each name: path -> blobs. */
export function wholeContents(disk, journal) {
  const known = new Map();
  const note = () => {
    for (const [path, blob] of disk.files()) {
      if (!known.has(path)) known.set(path, new Set());
      known.get(path).add(blob);
    }
  };
  note();
  for (const entry of journal) {
    disk.apply(entry);
    if (entry.name === 'rename' || entry.name === 'link') note();
  }
  return known;
}

/**
 * What is wrong with a state: a file under its final name that is not whole (FORMAT.md W1), a commit that names what is not there
 * (W2), a cache without its key.
 *
 * @param known see {@link wholeContents}
 * @param blobs where contents are
 * @param excused names of segments that were damaged before
 */
export function faultOf(left, known, blobs, excused = new Set()) {
  let hasCommit = false;
  for (const [path, content] of left) {
    if (content === null || SCRATCH.test(path)) continue;
    const { blob, zeros = false, half = false } = content;
    if (zeros || half || known.get(path)?.has(blob) !== true) return `${path} is not whole`;
    if (!/^cache\/commits\/.*\.json$/.test(path)) continue;
    hasCommit = true;
    const { records, rejects, files } = JSON.parse(readFileSync(join(blobs, blob), 'utf8'));
    for (const { file, sha256 } of [...records, ...rejects, files]) {
      if (excused.has(file)) continue;
      const segment = left.get(`cache/segments/${file}`);
      if (segment?.blob !== sha256)
        return `${path} names ${file}, which is not there, or not whole`;
    }
  }
  for (const file of ['cache/cache.json', 'config/key']) {
    if (hasCommit && !left.has(file)) return `there are commits, and ${file} is gone`;
  }
  return undefined;
}

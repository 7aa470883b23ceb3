// What a cache that knows many files costs: a run that lists a large folder, most of it known, and reads what is new.
// Beside it `find` on the same folder. Three sizes, 1x, 4x and 16x: time and memory per file should not grow.
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/setup.mjs';
import { measure } from './measure.mjs';

const LARGEST = 10_000_000;
const FACTORS = [16, 4, 1];
/** Of the known files, as many are in the folder: entries are hard links, which are quick to make. */
const LISTED_SHARE = 10;
const COMMIT_FILES = 50_000;
const FOLDER_FILES = 250_000;
/** A file system may allow no more. */
const MOST_LINKS = 60_000;

const LINE =
  '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket ' +
  '[06/Feb/2024:00:00:38 +0000] 192.0.2.3 - 3E57427F33A59F07 REST.GET.OBJECT set/file ' +
  '"GET /bucket/set/file HTTP/1.1" 200 - 2662992 3462992 70 10 "-" "agent" - - - - - - - - -\n';

/**
 * @param scratch a folder for everything, removed by the caller
 * @param smoke a hundredth of it all
 * @returns one object for each size, the smallest first
 */
export async function benchLedger({ scratch, smoke = false }) {
  const place = join(scratch, 'ledger');
  const known = smoke ? LARGEST / 100 : LARGEST;
  const scene = await newScene(place);
  const sizes = [];
  for (const factor of FACTORS) {
    sizes.push(await benchSize(scene, known / factor, smoke ? 100 : 10_000));
  }
  const [first] = sizes;
  return {
    sizes,
    /** Each as multiple of the smallest size. */
    growth: sizes.map((size) => ({
      knownFiles: ratio(size.knownFiles, first.knownFiles),
      secondsPerFileListed: ratio(
        size.seconds / size.filesListed,
        first.seconds / first.filesListed,
      ),
      peakMemory: ratio(size.peakMemoryMb, first.peakMemoryMb),
    })),
  };
}

async function benchSize(scene, knownFiles, newFiles) {
  await scene.growTo(knownFiles);
  // The first run after files came in some other way takes them into the index.
  const catchUp = await scene.extract(scene.empty);
  const start = await scene.extract(scene.empty);
  scene.addNew(newFiles);
  const find = await measure('find', [scene.logs, '-type', 'f', '-printf', '%s %T@\n'], {
    stdout: 'ignore',
  });
  const run = await scene.extract(scene.logs);
  const filesListed = scene.listed;
  if (run.files.extracted !== newFiles || run.files.known !== filesListed - newFiles) {
    throw new Error(`The ledger lost count: ${JSON.stringify(run.files)} of ${filesListed} files.`);
  }
  return {
    knownFiles,
    filesListed,
    newFiles,
    seconds: round(run.seconds),
    peakMemoryMb: run.peakMemoryMb,
    /** A run over an empty folder: the program, its key, its lock and the ledger. */
    startSeconds: round(start.seconds),
    startPeakMemoryMb: start.peakMemoryMb,
    catchUpSeconds: round(catchUp.seconds),
    findSeconds: round(find.seconds),
    timesFind: ratio(run.seconds, find.seconds),
  };
}

/** A cache, a folder of logs that it knows some of, and an empty one. */
async function newScene(place) {
  const library = (path) => import(join(root, 'dist', path));
  const { cachePaths } = await library('cache/paths.js');
  const { writeCommit } = await library('cache/commit-record.js');
  const { writeLedger } = await library('cache/segment-writer.js');
  const paths = cachePaths(join(place, 'cache'));
  const logs = join(place, 'logs');
  const empty = join(place, 'empty');
  mkdirSync(logs, { recursive: true });
  mkdirSync(empty);
  const files = namedFiles(join(place, 'contents'), logs);
  let known = 0;
  let commits = 0;
  let linked = 0;
  let added = 0;

  const extract = async (source) => {
    const args = ['extract', source, '--cache', paths.root, '--workers', '-1', '--json', '--quiet'];
    const result = await measure(
      process.execPath,
      [join(root, 'dist/bin/s3logextraction.js'), ...args],
      { env: environment(place) },
    );
    return { ...result, ...JSON.parse(result.stdout) };
  };
  await extract(empty);

  /** As a run would have left it that read these files and found no lines in them. */
  const commit = (rows) => {
    const name = `20240101T000000000Z-00000000-${String(++commits).padStart(6, '0')}`;
    writeCommit(paths, {
      version: 1,
      commit: name,
      createdAt: '2024-01-01T00:00:00.000Z',
      schema: 1,
      mode: 'generic',
      source: logs,
      records: [],
      rejects: [],
      files: writeLedger(paths.segments, name, rows),
      bytes: rows.reduce((sum, row) => sum + row.sizeBytes, 0),
      lines: { total: 0, kept: 0, skipped: 0, rejected: 0, reasons: {}, notes: {} },
    });
  };

  return {
    logs,
    empty,
    extract,
    get listed() {
      return linked + added;
    },
    async growTo(count) {
      while (known < count) {
        const rows = [];
        for (let i = known; i < Math.min(count, known + COMMIT_FILES); i++) rows.push(files.row(i));
        commit(rows);
        known += rows.length;
      }
      for (; linked < count / LISTED_SHARE; linked++) files.link(linked);
    },
    addNew(count) {
      const folder = join(logs, `new-${added}`);
      mkdirSync(folder);
      for (const end = added + count; added < end; added++) {
        writeFileSync(join(folder, logName(LARGEST * 2 + added)), LINE);
      }
    },
  };
}

/** Files by number: the same name, size and time in the ledger and on disk. */
function namedFiles(contents, logs) {
  mkdirSync(contents);
  const inodes = [];
  const inodeOf = (i) => {
    const index = Math.floor(i / MOST_LINKS);
    if (inodes[index] === undefined) {
      const path = join(contents, String(index));
      writeFileSync(path, 'x'.repeat(1_000 + index));
      const { size, mtimeMs } = statSync(path);
      inodes[index] = { path, sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
    }
    return inodes[index];
  };
  return {
    row(i) {
      const { sizeBytes, modifiedMs } = inodeOf(i);
      const name = logName(i);
      const numbers = { encoding: 0, check: i, contentBytes: sizeBytes };
      const lines = { lines: 0, kept: 0, skipped: 0, rejected: 0 };
      return { name, path: name, sizeBytes, modifiedMs, ...numbers, ...lines };
    },
    link(i) {
      const folder = join(logs, String(Math.floor(i / FOLDER_FILES)));
      if (i % FOLDER_FILES === 0) mkdirSync(folder, { recursive: true });
      linkSync(inodeOf(i).path, join(folder, logName(i)));
    },
  };
}

/** As S3 names its logs, in the order of time, 10 s apart. */
function logName(i) {
  const time = new Date(1_500_000_000_000 + i * 10_000).toISOString().slice(0, 19);
  const unique = createHash('md5').update(String(i)).digest('hex').slice(0, 16).toUpperCase();
  return `${time.replaceAll(/[T:]/g, '-')}-${unique}`;
}

function environment(place) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S3_LOG_EXTRACTION_')),
  );
  return { ...env, S3_LOG_EXTRACTION_CONFIG_DIR: join(place, 'config') };
}

function ratio(a, b) {
  return Math.round((a / b) * 100) / 100;
}

function round(seconds) {
  return Math.round(seconds * 1_000) / 1_000;
}

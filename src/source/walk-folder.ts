import { type Stats, statSync } from 'node:fs';
import { listFolder, type SourceProblem } from './list-folder.js';
import { joinLogPath, type LogPath, pathBytes } from './log-path.js';
import { modifiedTime } from './modified-time.js';
import { type FileStats, NO_FILE, statFiles } from './stat-files.js';
import { StatThread } from './stat-thread.js';

export type { SourceProblem } from './list-folder.js';

/** A file that may be a log file. */
export interface SourceFile {
  readonly kind: 'file';
  /** Path to open. */
  readonly path: LogPath;
  /** Path below the root of the source. */
  readonly relativePath: LogPath;
  readonly sizeBytes: number;
  /** Whole milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Of an object in a bucket: what its content is known by there. */
  readonly etag?: string | undefined;
}

/** Paths looked at together. */
const BATCH = 1024;
/** Batches on their way to the thread and back: it goes on while a piece of a folder is read and sorted. */
const BATCHES_AHEAD = 64;

/** What is found, in the order in which it is found. */
export type SourceEntries = readonly (SourceFile | SourceProblem)[];

/**
 * All regular files below a folder that are not hidden, in the order of their names (but see `PIECE` in
 * list-folder.ts), some hundred at a time. Links to files are followed; links to folders are not (they may lead in
 * circles), and are reported. Memory depends on neither the number of files nor the size of folders.
 *
 * @param root a folder, or one file
 * @param isExcluded tells a folder that is not to be entered (the cache itself)
 * @param openThread makes the thread that looks at the files of a large folder
 */
export async function* walkFolder(
  root: LogPath,
  isExcluded: (stats: Stats) => boolean,
  openThread: (root: LogPath) => Pick<StatThread, 'stat' | 'close'> = (path) =>
    new StatThread(path),
): AsyncGenerator<SourceEntries, void> {
  const stats = statSync(pathBytes(root));
  if (!stats.isDirectory()) {
    yield [singleFile(root, stats)];
    return;
  }
  const batches = inBatches(listFolder(root, isExcluded));
  const ahead: { batch: Batch; stats: Promise<FileStats> }[] = [];
  let thread: Pick<StatThread, 'stat' | 'close'> | undefined;
  try {
    for (let isListed = false; ; ) {
      while (!isListed && ahead.length < BATCHES_AHEAD) {
        const { value: batch, done } = batches.next();
        isListed = done === true;
        if (isListed || batch === undefined) break;
        // Not worth a thread when all is in one batch.
        if (batch.isFull) thread ??= openThread(root);
        const found = thread?.stat(batch.paths) ?? statFiles(root, batch.paths);
        ahead.push({ batch, stats: Promise.resolve(found) });
      }
      const next = ahead.shift();
      if (next === undefined) return;
      yield entriesOf(root, next.batch, await next.stats, isExcluded);
    }
  } finally {
    batches.return();
    thread?.close();
  }
}

interface Batch {
  readonly paths: readonly LogPath[];
  /** Each stands before the path of that place. */
  readonly problems: readonly { readonly before: number; readonly problem: SourceProblem }[];
  readonly isFull: boolean;
}

function* inBatches(listed: Generator<LogPath | SourceProblem>): Generator<Batch, void> {
  let paths: LogPath[] = [];
  let problems: { before: number; problem: SourceProblem }[] = [];
  for (const entry of listed) {
    if (typeof entry === 'string') paths.push(entry);
    else problems.push({ before: paths.length, problem: entry });
    if (paths.length + problems.length < BATCH) continue;
    yield { paths, problems, isFull: true };
    paths = [];
    problems = [];
  }
  yield { paths, problems, isFull: false };
}

function entriesOf(
  root: LogPath,
  { paths, problems }: Batch,
  { sizes, modified, reasons }: FileStats,
  isExcluded: (stats: Stats) => boolean,
): SourceEntries {
  const entries: (SourceFile | SourceProblem)[] = [];
  let nextProblem = 0;
  let nextReason = 0;
  for (let i = 0; i <= paths.length; i++) {
    while (problems[nextProblem]?.before === i) entries.push(problems[nextProblem++].problem);
    if (i === paths.length) break;
    const path = joinLogPath(root, paths[i]);
    const sizeBytes = sizes[i];
    if (sizeBytes >= 0) {
      const modifiedMs = modified[i];
      entries.push({ kind: 'file', path, relativePath: paths[i], sizeBytes, modifiedMs });
    } else if (sizeBytes === NO_FILE.unreadable) {
      entries.push({ kind: 'problem', path, isLoss: true, reason: reasons[nextReason++] });
    } else if (sizeBytes === NO_FILE.folder && !leadsToExcluded(path, isExcluded)) {
      const reason = 'links to folders are not followed';
      entries.push({ kind: 'problem', path, isLoss: false, reason });
    }
  }
  return entries;
}

function leadsToExcluded(path: LogPath, isExcluded: (stats: Stats) => boolean): boolean {
  const stats = statSync(pathBytes(path), { throwIfNoEntry: false });
  return stats === undefined || isExcluded(stats);
}

function singleFile(root: LogPath, stats: Stats): SourceFile {
  return {
    kind: 'file',
    path: root,
    relativePath: root.slice(root.lastIndexOf('/') + 1) as LogPath,
    sizeBytes: stats.size,
    modifiedMs: modifiedTime(stats),
  };
}

import { resolve } from 'node:path';
import type { CachePaths } from '../cache/paths.js';
import { TaskPool } from '../cache/rollups/task-pool.js';
import {
  openValidationFolder,
  type ValidationFolder,
} from '../cache/validation/validation-folder.js';
import type { ExtractionProgress } from '../src/extract/extract-logs.js';
import { isCacheFolder, requireOutsideCache } from '../src/extract/open-plan.js';
import type { BucketOptions } from '../src/source/bucket/bucket-options.js';
import { isBucketUrl } from '../src/source/bucket/bucket-url.js';
import { displayPath, type LogPath } from '../src/source/log-path.js';
import { requireSource } from '../src/source/require-source.js';
import type { SourceFile } from '../src/source/walk-folder.js';
import { LineComparison } from './compare-lines.js';
import {
  type Examined,
  type ExamineResult,
  type ExamineSetup,
  type ExamineTask,
  type FileToExamine,
  startExamining,
} from './examine-files.js';
import type { LogFinding } from './finding.js';
import { type KeptFinding, KeptFindings } from './kept-findings.js';
import { type KnownVerdict, KnownVerdicts } from './known-verdicts.js';
import type { Verdict } from './line-examiner.js';
import { type LogReport, ProtocolSums } from './log-report.js';
import { bucketSource, folderSource, type LogSource } from './log-source.js';
import type { Protocol } from './protocol.js';

export interface ValidateLogsOptions {
  /** Folder with log files (or one file), or `s3://bucket/folder`. */
  readonly source: string;
  /** Of a bucket: where it is. */
  readonly bucket?: BucketOptions | undefined;
  /** At least one; see {@link protocolsOf}. */
  readonly protocols: readonly Protocol[];
  /** Worker threads, at least 1. */
  readonly workers: number;
  /** Of the cache, which need not exist: its files are no logs. */
  readonly paths: CachePaths;
  /** Files to look at, at most. Default: all. */
  readonly limit?: number | undefined;
  /** Findings to tell one by one, at most. Counts are of all. Default 1,000. */
  readonly maxFindings?: number | undefined;
  /** Whether findings hold their lines, addresses masked. Default: no. */
  readonly showLines?: boolean | undefined;
  /** Something a person should know that ends nothing: a file that cannot be read, for example. */
  readonly onWarning?: (message: string) => void;
  /** Called a few times a second. */
  readonly onProgress?: (progress: ExtractionProgress) => void;
  /** Asked often; true ends the run soon. */
  readonly shouldStop?: () => boolean;
  /** Whether a single worker may be this thread. Default: no, so that it can be asked to stop. */
  readonly here?: boolean;
}

/** Findings told one by one unless said otherwise. */
export const MOST_FINDINGS = 1_000;

const PROGRESS_MS = 250;

/** Unreadable files that a report names. */
const MOST_UNREADABLE = 1000;

/** Files that one thread gets at a time: so many, or so many bytes. */
const TASK_FILES = 64;
const TASK_BYTES = 4 << 20;

/**
 * Look at all log files of a source by the protocols asked for, in one reading. Changes nothing in the source. What is
 * said of a file is remembered, so that a run goes on where one before was interrupted.
 *
 * @throws {SourceNotFoundError}
 * @throws {SourceInCacheError}
 * @throws {ValidationLockedError}
 */
export async function validateLogs(options: ValidateLogsOptions): Promise<LogReport> {
  const source = await openSource(options);
  try {
    const folder = openValidationFolder(options.paths);
    try {
      return await new LogRun(options, source, folder).run();
    } finally {
      folder.close();
    }
  } finally {
    source.close?.();
  }
}

async function openSource({ source, bucket, paths }: ValidateLogsOptions): Promise<LogSource> {
  if (isBucketUrl(source)) {
    const opened = await bucketSource(source, bucket ?? {});
    // Before anything is made for it.
    await opened.access?.();
    return opened;
  }
  const folder = resolve(source);
  requireSource(folder);
  requireOutsideCache(folder, paths);
  return folderSource(folder, isCacheFolder(paths));
}

type Pool = TaskPool<ExamineTask, ExamineResult>;

/** A file on its way, with what it is called in findings. */
interface Handed {
  readonly file: SourceFile;
  readonly task: FileToExamine;
  /** What protocols said of it in an earlier run; the others are asked. */
  readonly known: readonly (KnownVerdict | undefined)[];
}

class LogRun {
  readonly #sums: readonly ProtocolSums[];
  readonly #findings: KeptFindings;
  /** Where lines of all files are compared. */
  readonly #comparison: LineComparison | undefined;
  readonly #mostFindings: number;
  readonly #counters: BigInt64Array;
  readonly #stopFlag = new Int32Array(new SharedArrayBuffer(4));
  /** By protocol; undefined for those that compare files. */
  readonly #verdicts: readonly (KnownVerdicts | undefined)[];
  readonly #unreadable: { file: string; reason: string }[] = [];
  readonly #files = { found: 0, read: 0, known: 0, failed: 0 };
  readonly #planned = { files: 0, bytes: 0, isComplete: false };
  #numbered = 0;
  #lines = 0;
  #bytes = 0;
  #isStopped = false;
  /** Whether something was left out because of that: it may have come too late. */
  #isCutShort = false;

  constructor(
    readonly options: ValidateLogsOptions,
    readonly source: LogSource,
    folder: ValidationFolder,
  ) {
    this.#sums = options.protocols.map((protocol) => new ProtocolSums(protocol));
    this.#mostFindings = options.maxFindings ?? MOST_FINDINGS;
    this.#findings = new KeptFindings(this.#mostFindings);
    this.#verdicts = options.protocols.map((protocol) =>
      protocol.isAcrossFiles === true ? undefined : new KnownVerdicts(folder, protocol),
    );
    const compares = options.protocols.some(({ isAcrossFiles }) => isAcrossFiles === true);
    this.#comparison = compares ? new LineComparison(folder) : undefined;
    this.#counters = new BigInt64Array(new SharedArrayBuffer(8 * options.workers));
  }

  async run(): Promise<LogReport> {
    const startedAt = performance.now();
    const pool = this.#startPool();
    const timer = setInterval(() => this.#tick(), PROGRESS_MS);
    try {
      // Asked by several lanes at once, a generator answers one after the other.
      const tasks = this.#tasks();
      const lane = async (): Promise<void> => {
        for (let next = await tasks.next(); next.done !== true; next = await tasks.next()) {
          const handed = next.value;
          const access = await this.source.access?.();
          const result = await pool.run({ files: handed.map(({ task }) => task), access });
          const examined = 'examined' in result ? result.examined : [];
          handed.forEach((one, i) => void this.#take(one, examined[i]));
        }
      };
      await everyOne(Array.from({ length: pool.size }, lane));
      if (this.#comparison !== undefined) {
        if (this.#isStopped) this.#isCutShort = true;
        else await this.#compare(this.#comparison, pool);
      }
      this.#tick();
      for (const verdicts of this.#verdicts) verdicts?.flush();
    } finally {
      clearInterval(timer);
      await pool.close();
      this.#comparison?.close();
      for (const verdicts of this.#verdicts) verdicts?.close();
    }
    const findings = this.#findings.sorted();
    const lines =
      this.options.showLines === true ? await shownLines(findings, this.source) : undefined;
    return {
      files: this.#files,
      unreadable: this.#unreadable,
      lines: this.#lines,
      bytes: this.#bytes,
      protocols: this.#sums.map((sums) => sums.report()),
      findings: findings.map((finding) => this.#describe(finding, lines?.get(finding))),
      stopped: this.#isCutShort,
      elapsedMs: Math.round(performance.now() - startedAt),
    };
  }

  #startPool(): Pool {
    const setupOf = (thread: number): ExamineSetup => ({
      thread,
      mostFindings: this.#mostFindings,
      progress: this.#counters,
      stopFlag: this.#stopFlag,
      aside: this.#comparison?.setupOf(thread),
    });
    const module = new URL('./examine-thread.js', import.meta.url);
    const { workers, here = false } = this.options;
    return new TaskPool(module, setupOf, workers, startExamining, here);
  }

  /** Files some at a time, as they are found. */
  async *#tasks(): AsyncGenerator<readonly Handed[], void> {
    let handed: Handed[] = [];
    let bytes = 0;
    for await (const file of this.#list()) {
      const one = this.#hand(file);
      if (one === undefined) continue;
      handed.push(one);
      bytes += file.sizeBytes;
      if (handed.length < TASK_FILES && bytes < TASK_BYTES) continue;
      yield handed;
      handed = [];
      bytes = 0;
    }
    if (handed.length > 0) yield handed;
    this.#planned.isComplete = !this.#isStopped;
  }

  async #compare(comparison: LineComparison, pool: Pool): Promise<void> {
    const results = await pool.everywhere(() => ({ finish: true }));
    const spills = results.flatMap((result) =>
      'aside' in result && result.aside !== undefined ? [result.aside] : [],
    );
    for (const [protocol, sums] of this.#sums.entries()) {
      if (sums.protocol.isAcrossFiles !== true) continue;
      const of = { protocol, reason: 0 };
      sums.addTally(await comparison.run(spills, this.#findings, of, this.#mostFindings));
    }
  }

  /** @returns undefined when the file need not be read */
  #hand(file: SourceFile): Handed | undefined {
    const known = this.#verdicts.map((verdicts) => verdicts?.find(file, this.#mostFindings));
    const first = known[0];
    if (first !== undefined && !known.includes(undefined)) {
      this.#files.known++;
      this.#count(file, first, known as KnownVerdict[]);
      return undefined;
    }
    this.#planned.files++;
    this.#planned.bytes += file.sizeBytes;
    this.#comparison?.addFile(file.path);
    const { path, relativePath, sizeBytes, modifiedMs, etag } = file;
    const protocols = this.options.protocols.flatMap(({ name }, i) => (known[i] ? [] : [name]));
    const number = this.#numbered++;
    const task = { path, relativePath, sizeBytes, modifiedMs, etag, number, protocols };
    return { file, task, known };
  }

  /** Add up what all protocols say of a file. */
  #count(
    { path }: SourceFile,
    { lines, contentBytes }: Pick<KnownVerdict, 'lines' | 'contentBytes'>,
    verdicts: readonly Pick<KnownVerdict, 'verdict'>[],
  ): void {
    this.#lines += lines;
    this.#bytes += contentBytes;
    verdicts.forEach(({ verdict }, protocol) => {
      this.#sums[protocol].add(verdict);
      for (const [offset, reason] of verdict.first) {
        this.#findings.add({ path, offset, protocol, reason });
      }
    });
  }

  async *#list(): AsyncGenerator<SourceFile, void> {
    const limit = this.options.limit ?? Number.POSITIVE_INFINITY;
    for await (const entries of this.source.list()) {
      for (const entry of entries) {
        if (this.#files.found >= limit) return;
        if (this.#askStop()) {
          this.#isCutShort = true;
          return;
        }
        if (entry.kind === 'problem' && !entry.isLoss) {
          this.#warn(`Skipped ${displayPath(entry.path)}: ${entry.reason}.`);
          continue;
        }
        this.#files.found++;
        if (entry.kind === 'problem') {
          this.#fail(entry.path, entry.reason);
          continue;
        }
        yield entry;
      }
    }
  }

  #take({ file, task, known }: Handed, result: Examined): void {
    if (!('verdicts' in result)) this.#comparison?.ignore(task.number);
    if ('isStopped' in result) {
      this.#isCutShort = true;
      return;
    }
    if ('failure' in result) {
      this.#fail(file.path, result.failure);
      return;
    }
    this.#files.read++;
    const { lines, contentBytes } = result;
    const examined = result.verdicts.values();
    const verdicts = known.map((before, protocol) => {
      if (before !== undefined) return before;
      const verdict = examined.next().value as Verdict;
      this.#verdicts[protocol]?.add(file, { lines, contentBytes, verdict });
      return { verdict };
    });
    this.#count(file, result, verdicts);
  }

  #describe(
    { path, offset, protocol, reason, first }: KeptFinding,
    line: string | undefined,
  ): LogFinding {
    const { name, reasons } = this.options.protocols[protocol];
    const { name: reasonName, claim, what } = reasons[reason];
    const file = displayPath(path as LogPath);
    return {
      protocol: name,
      claim,
      reason: reasonName,
      file,
      offset,
      what,
      ...(first && {
        first: { file: displayPath(first.path as LogPath), offset: first.offset },
      }),
      ...(line !== undefined && { line }),
    };
  }

  #fail(path: LogPath, reason: string): void {
    this.#files.failed++;
    const file = displayPath(path);
    if (this.#unreadable.length < MOST_UNREADABLE) this.#unreadable.push({ file, reason });
    this.#warn(`Could not read ${file}: ${reason}.`);
  }

  #warn(message: string): void {
    this.options.onWarning?.(message);
  }

  #askStop(): boolean {
    if (!this.#isStopped && this.options.shouldStop?.() === true) {
      this.#isStopped = true;
      Atomics.store(this.#stopFlag, 0, 1);
    }
    return this.#isStopped;
  }

  #tick(): void {
    this.#askStop();
    this.options.onProgress?.({
      filesDone: this.#files.read + this.#files.failed,
      filesPlanned: this.#planned.files,
      bytesDone: Number(this.#counters.reduce((sum, count) => sum + count, 0n)),
      bytesPlanned: this.#planned.bytes,
      isPlanned: this.#planned.isComplete,
    });
  }
}

/** What shows lines is loaded where they are asked for. */
async function shownLines(
  findings: readonly KeptFinding[],
  source: LogSource,
): Promise<ReadonlyMap<KeptFinding, string>> {
  const { linesOf } = await import('./show-lines.js');
  return linesOf(findings, source);
}

/** Wait until all have ended. @throws the first failure */
async function everyOne(lanes: readonly Promise<void>[]): Promise<void> {
  for (const ended of await Promise.allSettled(lanes)) {
    if (ended.status === 'rejected') throw ended.reason;
  }
}

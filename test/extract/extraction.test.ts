import { linkSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { commitOfSegment, listCommits, readCommit } from '../../cache/commit-record.js';
import type { NewFile } from '../../src/extract/plan-files.js';
import type { WorkerRequest } from '../../src/extract/worker-messages.js';
import type { ExtractionWorker } from '../../src/extract/worker-pool.js';
import { logPath } from '../../src/source/log-path.js';
import { DIST, Sandbox } from '../support/cli.js';
import { randomLines } from '../support/random-lines.js';
import { accountOf, logText } from '../support/truth.js';

const SMALL = randomLines(300, 1);
const LARGE_PIECE = randomLines(2_000, 2);
/** So that it is read in three parts. */
const TIMES = Math.ceil((70 << 20) / Buffer.byteLength(logText(LARGE_PIECE)));

/** The built modules: worker threads cannot be started from the sources. */
async function built<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(join(DIST, path)).href)) as T;
}

type Modules = typeof import('../../src/extract/extraction.js') &
  typeof import('../../src/extract/worker-pool.js') &
  typeof import('../../src/extract/worker-threads.js') &
  typeof import('../../src/extract/report.js') &
  typeof import('../../cache/open-cache.js') &
  typeof import('../../cache/ledger.js');

async function modules(): Promise<Modules> {
  const parts = await Promise.all(
    [
      'src/extract/extraction.js',
      'src/extract/worker-pool.js',
      'src/extract/worker-threads.js',
      'src/extract/report.js',
      'cache/open-cache.js',
      'cache/ledger.js',
    ].map((path) => built<object>(path)),
  );
  return Object.assign({}, ...parts) as Modules;
}

function planned(sandbox: Sandbox, name: string): NewFile {
  const path = join(sandbox.logs, name);
  const { size, mtimeMs } = statSync(path);
  const modifiedMs = Math.floor(mtimeMs);
  return { path: logPath(path), relativePath: logPath(name), name, sizeBytes: size, modifiedMs };
}

/** A worker that finds a fault with every part but the first of these files. */
function faulty(worker: ExtractionWorker, names: readonly string[]): ExtractionWorker {
  const call = async (request: WorkerRequest): Promise<unknown> => {
    const reply = (await worker.call(request as never)) as object;
    const isBad = request.kind === 'part' && names.includes(request.file.name);
    if (!isBad || request.range?.start === 0) return reply;
    return { ...reply, failures: [[0, 'it changed while it was being read']] };
  };
  return {
    call,
    flush: (commit: string) => worker.flush(commit),
    close: () => worker.close(),
  } as unknown as ExtractionWorker;
}

interface Run {
  readonly files: readonly NewFile[];
  readonly workers: number;
  readonly batchBytes?: number;
  /** Names of large files whose parts fail. */
  readonly faulty?: readonly string[];
}

/** Extract, and see to it that what is on disk is what the report says. */
async function extract(sandbox: Sandbox, run: Run) {
  const { Extraction, ExtractionWorker, WorkerThreads, emptyReport, openCacheForWriting, Ledger } =
    await modules();
  const env = { S3_LOG_EXTRACTION_CONFIG_DIR: join(sandbox.root, 'config') };
  const cache = await openCacheForWriting(sandbox.cache, { command: 'test', env });
  const workers = Array.from(
    { length: run.workers },
    (_, index) =>
      new ExtractionWorker(
        {
          index,
          segmentsFolder: cache.paths.segments,
          sealingKey: Uint8Array.from(cache.key),
          // Small, so that some of a batch is written before a fault.
          limits: { rows: 20_000, keyBytes: 1 << 20 },
          mode: 'generic',
          skippedAddresses: undefined,
          refusesNonLogs: false,
          progress: new BigInt64Array(new SharedArrayBuffer(8 * run.workers)),
          stopFlag: new Int32Array(new SharedArrayBuffer(4)),
        },
        new WorkerThreads(0),
      ),
  );
  const report = emptyReport();
  const failed: string[] = [];
  const ledger = await Ledger.open(cache.paths, cache.lock);
  for (const file of run.files) ledger.plan(file.name, file.sizeBytes, file.modifiedMs);
  const extraction = new Extraction({
    cache,
    ledger,
    source: sandbox.logs,
    mode: 'generic',
    report,
    shouldStop: () => false,
    observer: { failed: (path) => failed.push(path), notALog: () => {} },
    ...(run.batchBytes === undefined ? {} : { batchBytes: run.batchBytes }),
  });
  try {
    const given = run.files[Symbol.iterator]();
    const source = { next: async () => given.next() } as AsyncIterator<NewFile>;
    await extraction.run(
      workers.map((worker) => faulty(worker, run.faulty ?? [])),
      source,
    );
    expect(extraction.filesRead).toBe(report.files.extracted);
    const names = listCommits(cache.paths);
    const commits = names.map((name) => readCommit(cache.paths, name));
    const records = commits.flatMap((commit) => commit.records);
    const files = commits.reduce((sum, commit) => sum + commit.files.rows, 0);
    expect(files).toBe(report.files.extracted);
    expect(records.reduce((sum, segment) => sum + segment.rows, 0)).toBe(report.lines.kept);
    // What was written of a batch given up is gone.
    for (const name of readdirSync(cache.paths.segments)) {
      expect(names).toContain(commitOfSegment(name));
    }
    return { report, failed, commits: names.length };
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    cache.close();
  }
}

it.each([1, 2, 3])(
  'reads the other files of a batch again when part of a large one fails (%i workers)',
  async (workers) => {
    const sandbox = new Sandbox();
    const names = Array.from({ length: 40 }, (_, i) => `small-${i}`);
    for (const name of names) sandbox.write(name, logText(SMALL));
    sandbox.write('large', logText(LARGE_PIECE).repeat(TIMES));
    const files = [...names.slice(0, 20), 'large', ...names.slice(20)].map((name) =>
      planned(sandbox, name),
    );
    const { report, failed } = await extract(sandbox, { files, workers, faulty: ['large'] });
    expect(failed).toEqual([join(sandbox.logs, 'large')]);
    expect(report.files).toMatchObject({ extracted: 40, failed: 1 });
    const { total, kept, rejected } = accountOf(SMALL);
    expect(report.lines).toMatchObject({
      total: 40 * total,
      kept: 40 * kept,
      rejected: 40 * rejected,
    });
  },
);

// A worker that held a batch which was closed meanwhile, and got work of the next one, once never wrote the first.
it.each([1, 2, 3])(
  'commits every batch when large files fill one each (%i workers)',
  async (workers) => {
    const sandbox = new Sandbox();
    const large = sandbox.write('large-0', logText(LARGE_PIECE).repeat(TIMES));
    for (let i = 1; i < 5; i++) linkSync(large, join(sandbox.logs, `large-${i}`));
    sandbox.write('small', logText(SMALL));
    const names = ['large-0', 'large-1', 'small', 'large-2', 'large-3', 'large-4'];
    const files = names.map((name) => planned(sandbox, name));
    const { report, commits } = await extract(sandbox, { files, workers, batchBytes: 1 });
    expect(report.files).toMatchObject({ extracted: 6, failed: 0 });
    expect(report.lines.total).toBe(
      5 * TIMES * accountOf(LARGE_PIECE).total + accountOf(SMALL).total,
    );
    expect(commits).toBeGreaterThan(1);
  },
);

// The second failure in a batch that was given up already was told by nobody, and its file in no account.
it.each([1, 2, 3])(
  'tells of each large file that fails, and reads the others of their batch again (%i workers)',
  async (workers) => {
    const sandbox = new Sandbox();
    const names = ['large-0', 'large-1', 'large-2', 'small'];
    const large = sandbox.write('large-0', logText(LARGE_PIECE).repeat(TIMES));
    for (const name of names.slice(1, 3)) linkSync(large, join(sandbox.logs, name));
    sandbox.write('small', logText(SMALL));
    const files = names.map((name) => planned(sandbox, name));
    const run = { files, workers, faulty: ['large-0', 'large-1'] };
    const { report, failed } = await extract(sandbox, run);
    expect(failed.sort()).toEqual(run.faulty.map((name) => join(sandbox.logs, name)));
    expect(report.files).toMatchObject({ extracted: 2, failed: 2 });
    const { total } = accountOf(LARGE_PIECE);
    expect(report.lines.total).toBe(TIMES * total + accountOf(SMALL).total);
  },
);

import { existsSync, readdirSync, statSync } from 'node:fs';
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
  typeof import('../../src/extract/report.js') &
  typeof import('../../cache/open-cache.js') &
  typeof import('../../cache/ledger.js');

async function modules(): Promise<Modules> {
  const parts = await Promise.all(
    [
      'src/extract/extraction.js',
      'src/extract/worker-pool.js',
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

/** A worker that finds a fault with the second part of a large file. */
function faulty(worker: ExtractionWorker, parts: { read: number }): ExtractionWorker {
  const call = async (request: WorkerRequest): Promise<unknown> => {
    const reply = (await worker.call(request as never)) as object;
    if (request.kind !== 'part' || ++parts.read !== 2) return reply;
    return { ...reply, failures: [[0, 'it changed while it was being read']] };
  };
  return {
    call,
    flush: (commit: string) => worker.flush(commit),
    close: () => worker.close(),
  } as unknown as ExtractionWorker;
}

it.each([1, 2, 3])(
  'reads the other files of a batch again when part of a large one fails (%i workers)',
  async (count) => {
    const { Extraction, ExtractionWorker, emptyReport, openCacheForWriting, ...rest } =
      await modules();
    const sandbox = new Sandbox();
    const names = Array.from({ length: 40 }, (_, i) => `small-${i}`);
    for (const name of names) sandbox.write(name, logText(SMALL));
    sandbox.write('large', logText(LARGE_PIECE).repeat(TIMES));
    const files = [...names.slice(0, 20), 'large', ...names.slice(20)].map((name) =>
      planned(sandbox, name),
    );
    const env = { S3_LOG_EXTRACTION_CONFIG_DIR: join(sandbox.root, 'config') };
    const cache = await openCacheForWriting(sandbox.cache, { command: 'test', env });
    const workers = Array.from(
      { length: count },
      (_, index) =>
        new ExtractionWorker({
          index,
          segmentsFolder: cache.paths.segments,
          sealingKey: Uint8Array.from(cache.key),
          // Small, so that some of a batch is written before the fault.
          limits: { rows: 20_000, keyBytes: 1 << 20 },
          progress: new BigInt64Array(new SharedArrayBuffer(8 * count)),
          stopFlag: new Int32Array(new SharedArrayBuffer(4)),
        }),
    );
    const report = emptyReport();
    const failed: string[] = [];
    const ledger = new rest.Ledger(cache.paths, 0);
    for (const file of files) ledger.plan(file.name, file.sizeBytes, file.modifiedMs);
    const extraction = new Extraction({
      cache,
      ledger,
      source: sandbox.logs,
      mode: 'generic',
      report,
      shouldStop: () => false,
      observer: { failed: (path) => failed.push(path), notALog: () => {} },
    });
    try {
      const parts = { read: 0 };
      const given = files[Symbol.iterator]();
      const source = { next: async () => given.next() } as AsyncIterator<NewFile>;
      await extraction.run(
        workers.map((worker) => faulty(worker, parts)),
        source,
      );
      expect(parts.read).toBeGreaterThanOrEqual(2);
      expect(failed).toEqual([join(sandbox.logs, 'large')]);
      expect(report.files).toMatchObject({ extracted: 40, failed: 1 });
      expect(extraction.filesRead).toBe(40);
      const { total, kept, rejected } = accountOf(SMALL);
      expect(report.lines).toMatchObject({
        total: 40 * total,
        kept: 40 * kept,
        rejected: 40 * rejected,
      });
      const commits = listCommits(cache.paths);
      const rows = commits.flatMap((name) => readCommit(cache.paths, name).records);
      expect(rows.reduce((sum, segment) => sum + segment.rows, 0)).toBe(40 * kept);
      // What was written of the batch given up is gone.
      for (const name of readdirSync(cache.paths.segments)) {
        expect(commits).toContain(commitOfSegment(name));
      }
      expect(existsSync(cache.paths.segments)).toBe(true);
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
      cache.close();
    }
  },
);

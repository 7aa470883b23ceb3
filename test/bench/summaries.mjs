// Summaries and totals of many records: everything anew, and the nightly update after 1 % more.
// The cache is written through the program's own writers of segments and commits; what is measured
// is the built program.
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { root } from '../../bin/setup.mjs';
import { filesBelow, measure, totalBytes } from './measure.mjs';
import { publishFloor } from './publish-floor.mjs';

const DATASETS = 5_000;
const DAYS = 365;
/** 2025-01-01. */
const FIRST_DAY = 20_089;
const KEYS_A_RECORD = 1 / 50;
const ADDRESSES_A_RECORD = 1 / 100;
const SEGMENT_ROWS = 1_000_000;

/**
 * @param options.scratch folder for the caches: 3 GB for 100 million records
 * @param options.smoke small, to see that it works
 * @param options.records of the largest cache; the others have a quarter and a sixteenth
 */
export async function benchSummaries({ scratch, smoke, records = smoke ? 200_000 : 100_000_000 }) {
  const datasets = smoke ? 200 : DATASETS;
  const parts = smoke ? [4, 1] : [16, 4, 1];
  const folders = parts.map((part) => [join(scratch, `summaries-${part}`), part]);
  const growth = [];
  try {
    // None is removed before all are measured: ext4 spends its time looking for inodes for new files
    // while many were freed in the last minutes.
    for (const [folder, part] of folders) {
      growth.push(await benchOne(folder, Math.round(records / part), { datasets, stages: !smoke }));
    }
  } finally {
    for (const [folder] of folders) rmSync(folder, { recursive: true, force: true });
  }
  return { datasets, growth, ...growth.at(-1) };
}

/** One cache: made, updated in full, added to, updated again. */
export async function benchOne(folder, records, { datasets = DATASETS, stages = true } = {}) {
  await makeCache(folder, { records, datasets });
  const full = await run(folder, 'update');
  const more = Math.max(1, Math.round(records / 100));
  await addRecords(folder, { records: more, total: records, night: 1, datasets });
  const daily = await run(folder, 'update');
  const bytes = Object.fromEntries(
    ['segments', 'rollups', 'summaries'].map((name) => [
      name,
      totalBytes(filesBelow(join(folder, name))),
    ]),
  );
  const nothingNew = await run(folder, 'update');
  const stagesAlone = stages ? await runStages(folder) : null;
  return {
    records,
    full,
    daily,
    dailyToFull: round(daily.seconds / full.seconds, 3),
    fullSecondsPerMillion: round((full.seconds / records) * 1e6, 3),
    fullMemoryMbPerMillion: round((full.peakMemoryMb / records) * 1e6, 2),
    nothingNew,
    bytes,
    stages: stagesAlone,
    // The last: it writes over what is published.
    writingTheSameFilesAlone: await publishFloor(join(folder, 'summaries')),
  };
}

/** The stages of the full update one by one, but for writing tables, which are the same. */
async function runStages(folder) {
  rmSync(join(folder, 'rollups'), { recursive: true });
  rmSync(join(folder, 'ips'), { recursive: true });
  return {
    rollupsAndIndexes: await run(folder, 'update', 'ip', 'indexes'),
    tablesMadeAndCompared: await run(folder, 'update', 'summaries'),
    archiveTotals: await run(folder, 'update', 'totals', '--mode', 'archive'),
  };
}

/** The built command as a user runs it. */
async function run(folder, ...command) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S3_LOG_EXTRACTION_')),
  );
  env.S3_LOG_EXTRACTION_CONFIG_DIR = join(folder, '..', 'config');
  const program = join(root, 'dist/bin/s3logextraction.js');
  const args = [program, ...command, '--cache', folder, '--json'];
  const { seconds, peakMemoryMb } = await measure(process.execPath, args, { env });
  return { seconds: round(seconds, 2), peakMemoryMb };
}

/** A cache without anything but commits. */
export async function makeCache(folder, { records, datasets = DATASETS }) {
  const { cachePaths } = await import('../../dist/cache/paths.js');
  const { createCacheFile } = await import('../../dist/cache/cache-file.js');
  const paths = cachePaths(folder);
  createCacheFile(paths, {
    source: 'keyfile',
    kdf: { name: 'blake2b', salt: '0'.repeat(32) },
    check: '0'.repeat(32),
  });
  for (const path of [paths.commits, paths.segments]) mkdirSync(path, { recursive: true });
  await addRecords(folder, { records, total: records, datasets });
}

/**
 * Commit more records.
 *
 * @param options.total of the cache: decides how many keys there are
 * @param options.night 0: a year of records; else those of one day after it
 */
export async function addRecords(folder, { records, total, night = 0, datasets = DATASETS }) {
  const { cachePaths } = await import('../../dist/cache/paths.js');
  const { commitName, writeCommit } = await import('../../dist/cache/commit-record.js');
  const paths = cachePaths(folder);
  const run = String(night).padStart(8, '0');
  const jobs = [];
  for (let from = 0; from < records; from += SEGMENT_ROWS) {
    const commit = commitName(new Date('2026-01-01T00:00:00Z'), run, jobs.length + 1);
    const stem = `${commit}-w0`;
    const skip = night === 0 ? 0 : DAYS + night - 1;
    jobs.push({ commit, stem, rows: Math.min(SEGMENT_ROWS, records - from), skip });
  }
  const next = jobs.values();
  const lane = (seed) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./summaries-cache.mjs', import.meta.url), {
        workerData: {
          folder: paths.segments,
          seed: seed + night * 1_000,
          keyCount: Math.max(datasets, Math.round(total * KEYS_A_RECORD)),
          datasetCount: datasets,
          addressCount: Math.max(1_000, Math.round(total * ADDRESSES_A_RECORD)),
          days: night === 0 ? DAYS : 1,
          firstDay: FIRST_DAY,
        },
      });
      let job;
      const give = () => {
        const { value, done } = next.next();
        if (done) {
          resolve(worker.terminate());
          return;
        }
        job = value;
        worker.postMessage(job);
      };
      worker.on('message', (segment) => {
        writeCommit(paths, commitRecord(job.commit, segment));
        give();
      });
      worker.on('error', reject);
      give();
    });
  await Promise.all(Array.from({ length: availableParallelism() }, (_, n) => lane(n + 1)));
}

function commitRecord(commit, segment) {
  const { rows } = segment;
  return {
    version: 1,
    commit,
    createdAt: '2026-01-01T00:00:00.000Z',
    schema: 1,
    mode: 'generic',
    source: '/logs',
    records: [segment],
    rejects: [],
    files: { file: `${commit}.files.parquet`, rows: 0, bytes: 0, sha256: '0'.repeat(64) },
    bytes: 0,
    lines: { total: rows, kept: rows, skipped: 0, rejected: 0, reasons: {}, notes: {} },
  };
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}

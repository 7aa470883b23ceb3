// `extract` as a user runs it, end to end: read, parse, seal, write segments durably, commit.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../bin/setup.mjs';
import { filesBelow, measure, totalBytes } from './measure.mjs';
import { round } from './numbers.mjs';

let caches = 0;

/**
 * Run the built command with a new cache, and remove that again.
 *
 * @returns `{seconds, peakMemoryMb, cacheBytes, differences}`: what the account says otherwise than the truth
 */
export async function extract({ directory, truth }, { scratch, workers }) {
  const cache = join(scratch, `cache-${++caches}`);
  const args = ['extract', directory, '--cache', cache, '--workers', workers, '--json'];
  const program = join(root, 'dist/bin/s3logextraction.js');
  const result = await measure(process.execPath, [program, ...args], { env: ownEnv(scratch) });
  const account = JSON.parse(result.stdout.trim().split('\n').at(-1));
  const cacheBytes = totalBytes(filesBelow(cache));
  await rm(cache, { recursive: true });
  const { seconds, peakMemoryMb } = result;
  return { seconds, peakMemoryMb, cacheBytes, differences: differencesFrom(truth, account) };
}

/** An environment without the cache, the key and the configuration of whoever runs this. */
export function ownEnv(scratch) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S3_LOG_EXTRACTION_')),
  );
  return { ...env, S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config') };
}

/** What several runs over one set of logs come to, as results show it. */
export function extractResult({ files, bytes, truth }, { seconds, bestSeconds, runs, all }) {
  const cacheBytes = Math.max(...all.map((run) => run.cacheBytes));
  const peaks = all.map((run) => run.peakMemoryMb).filter((peak) => peak !== null);
  const differences = [...new Set(all.flatMap((run) => run.differences))];
  return {
    files: files.length,
    bytes,
    lines: truth.lines.total,
    keys: truth.keys,
    addresses: truth.archive.requesters,
    ...speed({ seconds, bestSeconds, runs }, bytes, files.length),
    secondsPerGb: round(seconds / (bytes / 1e9), 3),
    peakMemoryMb: peaks.length === 0 ? null : Math.max(...peaks),
    cacheBytes,
    cacheBytesPerRawByte: round(cacheBytes / bytes, 5),
    accountEqualsTruth: differences.length === 0,
    differences,
  };
}

export function speed({ seconds, bestSeconds, runs }, bytes, files) {
  return {
    seconds: round(seconds, 3),
    bestSeconds: round(bestSeconds, 3),
    runs: runs.map((run) => round(run, 3)),
    mbPerSecond: Math.round(bytes / 1e6 / seconds),
    filesPerSecond: Math.round(files / seconds),
  };
}

/** One line for everything that differs. */
function differencesFrom(truth, account) {
  const { total, kept, skipped, rejected, reasons } = account.lines;
  const pairs = [
    ['files found', truth.files, account.files.found],
    ['files extracted', truth.files, account.files.extracted],
    ['bytes', truth.bytes, account.bytes],
    ['lines', truth.lines.total, total],
    ['kept', truth.lines.kept, kept],
    ['skipped', truth.lines.skipped, skipped],
    ['rejected', truth.lines.rejected, rejected],
    ['reasons', sorted(truth.lines.reasons), sorted(reasons)],
  ];
  return pairs
    .filter(([, wanted, found]) => wanted !== found)
    .map(([what, wanted, found]) => `${what}: ${found}, but the truth is ${wanted}`);
}

function sorted(reasons) {
  return JSON.stringify(Object.entries(reasons).sort());
}

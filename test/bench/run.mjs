// `npm run bench`: `extract` end to end on generated logs, beside wc, cat and gawk on the same files.
//   --big-mb N       size of the big logs in MB, in 4 files         (default 1024)
//   --small-files N  how many files of 25 KB                        (default 20000)
//   --smoke          64 MB and 1,000 files: does it work at all?
//   --workers N      handed to extract                              (default -1: all cores)
//   --write          also write RESULTS.md
// Prints one JSON document. Fails when an account differs from the truth, never for being slow.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensureInstalled, root } from '../../bin/setup.mjs';
import { filesBelow, isInstalled, measure, measureOverFiles, totalBytes } from './measure.mjs';
import { resultsMarkdown, round } from './results.mjs';

const BIG_FILES = 4;
const SMALL_FILE_KB = 25;

const { values: options } = parseArgs({
  options: {
    'big-mb': { type: 'string' },
    'small-files': { type: 'string' },
    smoke: { type: 'boolean', default: false },
    workers: { type: 'string', default: '-1' },
    write: { type: 'boolean', default: false },
  },
});

checkNode();
await ensureInstalled(say);
const build = await ensureBuilt(say);
if (build.status !== 0) throw new Error(`The build failed:\n${build.output}`);
const { generateBenchmark } = await import('../../dist/src/testing/generate-benchmark.js');

const scratch = mkdtempSync(join(tmpdir(), 's3logextraction-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const bigMb = Number(options['big-mb'] ?? (options.smoke ? 64 : 1_024));
const smallFiles = Number(options['small-files'] ?? (options.smoke ? 1_000 : 20_000));
const gawk = await isInstalled('gawk');
if (!gawk) say('gawk is not installed: its numbers are null.');

const runs = [
  await bench('big', { sizeMb: bigMb, fileSizeKb: (bigMb * 1e3) / BIG_FILES }),
  await bench('small', { sizeMb: (smallFiles * SMALL_FILE_KB) / 1e3, fileSizeKb: SMALL_FILE_KB }),
];
const results = { machine: machine(), commit: commit(), runs };
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
if (options.write) {
  writeFileSync(join(root, 'test/bench/RESULTS.md'), resultsMarkdown(results));
}
process.exitCode = runs.every((run) => run.accountEqualsTruth) ? 0 : 1;

/** Generate one set of logs, measure all programs on it, and remove it again. */
async function bench(name, shape) {
  say(`${name}: generating ${shape.sizeMb} MB ...`);
  const directory = join(scratch, name);
  const truth = await generateBenchmark({ directory, ...shape });
  const files = filesBelow(directory);
  const bytes = totalBytes(files);
  for (const file of files) readFileSync(file); // into the page cache, for all alike
  say(`${name}: measuring ...`);
  const ours = await extract(directory, join(scratch, `${name}-cache`));
  const wc = await measureOverFiles('wc', ['-l'], files);
  const cat = await measureOverFiles('cat', [], files, { discard: true });
  const script = join(root, 'test/bench/kept-lines.awk');
  const awk = gawk ? await measureOverFiles('gawk', ['-f', script], files) : null;
  const cacheBytes = totalBytes(filesBelow(join(scratch, `${name}-cache`)));
  rmSync(directory, { recursive: true });
  const differences = differencesFrom(truth, ours.account);
  for (const line of differences) say(`${name}: ${line}`);
  return {
    name,
    files: files.length,
    bytes,
    lines: truth.lines.total,
    extract: {
      ...speed(ours.seconds, bytes, files.length),
      workers: Number(options.workers),
      peakMemoryMb: ours.peakMemoryMb,
      cacheBytes,
      cacheBytesPerRawByte: round(cacheBytes / bytes, 5),
    },
    wc: speed(wc.seconds, bytes, files.length),
    cat: speed(cat.seconds, bytes, files.length),
    gawk: awk && { ...speed(awk.seconds, bytes, files.length), ...awkSums(awk.lines, truth) },
    ratios: {
      oursToWc: round(ours.seconds / wc.seconds),
      oursToCat: round(ours.seconds / cat.seconds),
      gawkToOurs: awk && round(awk.seconds / ours.seconds),
    },
    accountEqualsTruth: differences.length === 0,
  };
}

/** The built command as a user runs it, with a cache and a configuration of its own. */
async function extract(directory, cache) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S3_LOG_EXTRACTION_')),
  );
  env.S3_LOG_EXTRACTION_CONFIG_DIR = join(scratch, 'config');
  const program = join(root, 'dist/bin/s3logextraction.js');
  const args = ['extract', directory, '--cache', cache, '--workers', options.workers, '--json'];
  const result = await measure(process.execPath, [program, ...args], { env });
  return { ...result, account: JSON.parse(result.stdout.trim().split('\n').at(-1)) };
}

/** What the run says differently from the truth, one line each. */
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

function speed(seconds, bytes, files) {
  return {
    seconds: round(seconds, 3),
    mbPerSecond: Math.round(bytes / 1e6 / seconds),
    filesPerSecond: Math.round(files / seconds),
  };
}

/** The script is fooled by hostile lines and rejects none, so that its counts are close, not equal. */
function awkSums(lines, truth) {
  const kept = lines.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0);
  return { kept, keptInTruth: truth.lines.kept };
}

function machine() {
  const [{ model }] = cpus();
  return {
    cpu: model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  };
}

function commit() {
  const result = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

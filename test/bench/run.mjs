// `npm run bench`: speed and memory of the built program, beside other programs, and against targets.
//   --only A,B       only these parts: big, many-keys, gawk, duckdb, small, growth, startup, segments, ledger, summaries
//   --big-mb N       size of the big logs in MB, in 8 files         (default 4000)
//   --small-files N  how many files of 25 KB                        (default 20000)
//   --repeat N       rounds; results show medians                   (default 3)
//   --workers N      handed to extract                              (default -1: all cores)
//   --summaries-in D folder for the caches of summaries             (default TMPDIR)
//   --smoke          everything small and once: does it work at all?
//   --write          also write RESULTS.md
// Needs 10 GB of space in TMPDIR. Where a file system is mounted with "discard", each file that is replaced may wait
// for the disk to forget its blocks: summaries are better measured on another one. Prints one JSON document. Fails when an account differs from the truth, never
// for being slow.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensureInstalled, root } from '../../bin/setup.mjs';
import { logSets } from './log-sets.mjs';
import { commit, fileSystem, machine } from './machine.mjs';
import { measureParts, PARTS } from './parts.mjs';
import { resultsMarkdown } from './results.mjs';
import { shapes } from './shapes.mjs';
import { compareWithTargets } from './targets.mjs';

const FULL = { bigMb: 4_000, smallFiles: 20_000, repeat: 3 };
const SMOKE = { bigMb: 64, smallFiles: 640, repeat: 1 };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join() },
    'big-mb': { type: 'string' },
    'small-files': { type: 'string' },
    repeat: { type: 'string' },
    workers: { type: 'string', default: '-1' },
    'summaries-in': { type: 'string' },
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const options = checkedOptions();

checkNode();
await ensureInstalled(say);
const build = await ensureBuilt(say);
if (build.status !== 0) throw new Error(`The build failed:\n${build.output}`);
const { generateBenchmark } = await import('../../dist/src/testing/generate-benchmark.js');

const [scratch, summariesScratch] = [tmpdir(), values['summaries-in'] ?? tmpdir()].map((folder) => {
  const made = mkdtempSync(join(folder, 's3logextraction-bench-'));
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const sets = logSets({ scratch, generateBenchmark, say });
const wantedShapes = shapes(options);
const started = performance.now();
const { parts, differences } = await measureParts({
  ...options,
  scratch,
  summariesScratch,
  say,
  wants: (part) => options.only.includes(part),
  logs: (name) => sets.get(name, wantedShapes[name]),
  clear: () => sets.clear(),
});
say(`All parts took ${((performance.now() - started) / 1e3).toFixed(0)} s.`);
const { bigMb, smallFiles, repeat, workers, smoke } = options;
const results = {
  machine: {
    ...machine(),
    fileSystem: fileSystem(scratch),
    fileSystemOfSummaries: fileSystem(summariesScratch),
  },
  commit: commit(),
  options: { bigMb, smallFiles, repeat, workers, smoke },
  parts,
  targets: compareWithTargets(parts),
};
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
if (values.write) writeFileSync(join(root, 'test/bench/RESULTS.md'), resultsMarkdown(results));
for (const line of differences) say(`Not the truth: ${line}`);
process.exitCode = differences.length === 0 ? 0 : 1;

function checkedOptions() {
  const defaults = values.smoke ? SMOKE : FULL;
  const only = values.only.split(',');
  const unknown = only.filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`No such part: ${unknown}. There are: ${PARTS}.`);
  if (values.smoke && values.write) throw new Error('A smoke run is no result to be written.');
  return {
    only,
    bigMb: count('--big-mb', values['big-mb'] ?? defaults.bigMb),
    smallFiles: count('--small-files', values['small-files'] ?? defaults.smallFiles),
    repeat: count('--repeat', values.repeat ?? defaults.repeat),
    workers: values.workers,
    smoke: values.smoke,
  };
}

function count(option, value) {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${option} must be a whole number above 0.`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

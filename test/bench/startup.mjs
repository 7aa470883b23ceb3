// How long the program takes when there is next to nothing to do, beside Node itself.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/setup.mjs';
import { generateBenchmark } from '../../dist/src/testing/generate-benchmark.js';
import { measure } from './measure.mjs';

const RUNS = 15;
const SMOKE_RUNS = 3;
const ONE_FILE_KB = 25;

/**
 * Wall time from start to end of a process, the built program as a user runs it. The programs take
 * turns, so that whatever else the machine does meets all of them alike.
 *
 * @param options.scratch folder for logs and caches; what is made there is removed
 * @param options.smoke few runs: does it work at all?
 * @returns medians in milliseconds: of `node -e 0`, of the help, the version and the status of the
 *   program, and of extracting one log file of 25 kB into a cache that has none, with a key file
 */
export async function benchStartup({ scratch, smoke }) {
  const folder = mkdtempSync(join(scratch, 'startup-'));
  try {
    const logs = join(folder, 'logs');
    await generateBenchmark({
      directory: logs,
      sizeMb: ONE_FILE_KB / 1e3,
      fileSizeKb: ONE_FILE_KB,
    });
    mkdirSync(join(folder, 'empty'));
    const run = programIn(folder);
    const status = join(folder, 'cache-of-status');
    await run(['extract', logs, '--cache', status]);
    const times = { nodeMs: [], helpMs: [], versionMs: [], statusMs: [], extractOneFileMs: [] };
    for (let turn = 0; turn < (smoke ? SMOKE_RUNS : RUNS); turn++) {
      const cache = join(folder, `cache-${turn}`);
      await run(['extract', join(folder, 'empty'), '--cache', cache]);
      times.nodeMs.push(await milliseconds(measure(process.execPath, ['-e', '0'])));
      times.helpMs.push(await milliseconds(run(['--help'])));
      times.versionMs.push(await milliseconds(run(['--version'])));
      times.statusMs.push(await milliseconds(run(['status', '--cache', status])));
      times.extractOneFileMs.push(await milliseconds(run(['extract', logs, '--cache', cache])));
    }
    return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The built program with a configuration of its own and nothing of the user's. */
function programIn(folder) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S3_LOG_EXTRACTION_')),
  );
  env.S3_LOG_EXTRACTION_CONFIG_DIR = join(folder, 'config');
  const program = join(root, 'dist/bin/s3logextraction.js');
  return (args) => measure(process.execPath, [program, ...args], { env });
}

async function milliseconds(measured) {
  return (await measured).seconds * 1e3;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] * 10) / 10;
}

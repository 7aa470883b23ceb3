// `npm start`: sets a fresh clone up; then hands its arguments to s3logextraction, or, without any,
// runs the whole job on the bundled example logs shows the tables it makes, and makes a report of them.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode, ensureBuilt, ensureInstalled, root, run } from './setup.mjs';

const program = join(root, 'dist', 'bin', 's3logextraction.js');
const example = 'test/fixtures/example-logs';
const cache = join(root, '.start', 'cache');
const SHOWN_ROWS = 10;

try {
  checkNode();
  await ensureInstalled(sayAside);
  const build = await ensureBuilt(sayAside);
  if (build.status !== 0) throw new Error(`The build failed:\n${build.output}`);
  const args = process.argv.slice(2);
  if (args.length > 0) await handOver(args);
  else process.exitCode = await runExample();
} catch (error) {
  sayAside(error.message);
  process.exitCode = 1;
}

/**
 * Become s3logextraction, in this process, so that signals, the terminal and the exit status are
 * its own.
 */
async function handOver(args) {
  // npm runs scripts in the repository; paths are meant from where the user stands.
  const from = process.env.npm_lifecycle_event === 'start' ? process.env.INIT_CWD : undefined;
  if (from !== undefined && existsSync(from)) process.chdir(from);
  process.argv = [process.execPath, program, ...args];
  await import(pathToFileURL(program).href);
}

/** @returns the exit status */
async function runExample() {
  // A fresh run each time; this folder is nobody's but ours.
  rmSync(cache, { recursive: true, force: true });
  say(`The whole job on the example logs in ${example}:\n`);
  const args = ['update', '--from', join(root, example)];
  const { status } = await run(process.execPath, [program, ...args], {
    relay: true,
    env: exampleEnvironment(),
  });
  if (status !== 0) return status;
  const summaries = join(cache, 'summaries');
  showTable('Per day, whole archive', join(summaries, 'archive', 'by_day.tsv'));
  showTotals('Per dataset', join(summaries, 'totals.json'));
  const report = join(root, '.start', 'report.html');
  const made = await run(
    process.execPath,
    [program, 'report', '--title', 'Example archive', '--output', report, '--quiet'],
    { env: exampleEnvironment() },
  );
  if (made.status !== 0) {
    say(made.output);
    return made.status;
  }
  say(`\nAll tables: ${join('.start', 'cache', 'summaries')}`);
  say(`To look at:  ${join('.start', 'report.html')} (open it in a browser)`);
  say('Your own logs: npm start -- update --from /path/to/logs');
  say('All commands:  npm start -- --help');
  return 0;
}

/** The example neither sees nor touches the user's own settings. */
function exampleEnvironment() {
  const others = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('S3_LOG_EXTRACTION_'),
  );
  return {
    ...Object.fromEntries(others),
    S3_LOG_EXTRACTION_CACHE: cache,
    S3_LOG_EXTRACTION_CONFIG_DIR: join(root, '.start', 'config'),
  };
}

function showTable(title, path) {
  const rows = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  show(title, path, rows);
}

function showTotals(title, path) {
  const totals = Object.entries(JSON.parse(readFileSync(path, 'utf8')));
  const columns = Object.keys(totals[0][1]);
  const rows = totals.map(([dataset, values]) => [
    dataset,
    ...columns.map((name) => String(values[name])),
  ]);
  show(title, path, [['dataset', ...columns], ...rows]);
}

/** Columns side by side, numbers to the right, the first rows only. */
function show(title, path, rows) {
  const shown = rows.slice(0, SHOWN_ROWS + 1);
  const widths = shown[0].map((_, column) => Math.max(...shown.map((row) => row[column].length)));
  say(`\n${title} (${path.slice(cache.length + 1)})`);
  for (const row of shown) {
    const cells = row.map((text, column) =>
      column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]),
    );
    say(`  ${cells.join('  ')}`);
  }
  if (rows.length > shown.length) say(`  ... and ${rows.length - shown.length} more rows`);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Set-up is not the result: it goes to stderr, as progress does. */
function sayAside(text) {
  process.stderr.write(`${text}\n`);
}

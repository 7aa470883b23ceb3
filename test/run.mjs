// `npm test`: sets a fresh clone up, then runs every gate. The last line is `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, root, run } from '../bin/setup.mjs';

const node = process.execPath;
const modules = join(root, 'node_modules');
const filters = process.argv.slice(2);
const total = { passed: 0, failed: 0 };

try {
  checkNode();
  await ensureInstalled(say);
  await gate('build', () => ensureBuilt(say));
  await gate('lint and format', () =>
    run(node, [join(modules, '@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']),
  );
  await gate('types', () =>
    run(node, [join(modules, 'typescript/bin/tsc'), '-p', 'test/tsconfig.json']),
  );
  add(await tests());
} catch (error) {
  say(error.stack ?? String(error));
  add({ passed: 0, failed: 1 });
}
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
say(`${total.passed} passed, ${total.failed} failed`);

/** A check that passes or fails as a whole. */
async function gate(name, action) {
  const { status, output } = await action();
  say(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  if (status !== 0) say(output.trimEnd());
  add(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

/** All tests, import direction and architecture included, counted by vitest itself. */
async function tests() {
  const scratch = mkdtempSync(join(tmpdir(), 's3logextraction-test-'));
  const report = join(scratch, 'report.json');
  try {
    const { status } = await run(
      node,
      [
        join(modules, 'vitest/vitest.mjs'),
        'run',
        '--config=test/vitest.config.ts',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...filters,
      ],
      { relay: true },
    );
    return count(JSON.parse(readFileSync(report, 'utf8')), status);
  } catch (error) {
    say(`vitest gave no result: ${error.message}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Failed tests, and failed files in which no test failed (they did not load, or a hook failed).
 * Skipped tests are neither passed nor failed. An unhappy exit without a failure counts as one.
 */
function count(report, status) {
  const brokenFiles = report.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) say(`${skipped} skipped`);
  const failed = report.numFailedTests + brokenFiles;
  return { passed: report.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}

function add({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

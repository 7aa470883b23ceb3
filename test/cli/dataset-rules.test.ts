import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
const lines: TruthLine[] = [];
for (let n = 0; n < 120; n++) {
  const key = `lab${n % 2}/ds${n % 3}/sub-${n % 5}/file${n % 7}`;
  lines.push({ key, time: 1_700_000_000 + n * 9000, client: n % 60, bytes: BigInt(n) });
}

beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.write('log', logText(lines));
});

/** With the slash between lab and dataset as another letter, and that in the folder as it is written there. */
function expectedByTwo(): Map<string, string> {
  const moved = recordsOf(lines).map((record) => ({
    ...record,
    key: record.key.replace('/', '%2F'),
  }));
  const tree = expectedTree(moved);
  return new Map(
    [...tree].map(([name, text]) => [
      name,
      name.endsWith('totals.json') ? text.replaceAll('%2F', '/') : text,
    ]),
  );
}

async function publishAll(...options: string[]): Promise<Map<string, string>> {
  await sandbox.done('update', 'summaries', ...options);
  await sandbox.done('update', '--from', 'logs');
  return readTree(join(sandbox.cache, 'summaries'));
}

it('datasets may be the first two components of keys, which the cache remembers', async () => {
  await sandbox.done('extract', 'logs');
  expect(await publishAll('--dataset-level', '2')).toEqual(expectedByTwo());
});

it('datasets may be what an expression finds, and may go back to the first component', async () => {
  await sandbox.done('extract', 'logs');
  const tree = await publishAll('--dataset-pattern', '^([a-z]+[0-9]/ds[0-9])/');
  expect(tree).toEqual(expectedByTwo());
  expect(await publishAll('--dataset-level', '1')).toEqual(expectedTree(recordsOf(lines)));
});

it('a rule that changes makes everything anew, also what is already there', async () => {
  await sandbox.done('update', '--from', 'logs');
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(lines)));
  expect(await publishAll('--dataset-level', '2')).toEqual(expectedByTwo());
});

it.each([
  [['--dataset-level', '0'], '--dataset-level is no whole number'],
  [['--dataset-level', '2', '--dataset-pattern', '(a)'], 'exclude each other'],
  [['--dataset-level', '2', '--mode', 'dandi'], 'exclude each other'],
  [['--mapping', 'a', '--api-url', 'http://localhost'], 'exclude each other'],
  [['--dataset-pattern', 'abc'], 'it has no group'],
  [['--dataset-pattern', '(('], 'it is not an RE2 expression'],
])('%j is refused before anything is done', async (options, why) => {
  await sandbox.done('extract', 'logs');
  const ended = await sandbox.run(['update', 'summaries', ...options]);
  expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
  expect(readTree(join(sandbox.cache, 'summaries')).size).toBe(0);
});

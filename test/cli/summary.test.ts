import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { logText, type TruthLine } from '../support/truth.js';

const MONDAY = Date.UTC(2024, 0, 1) / 1000;
const DAY = 86_400;

/** 60 requests a day in the first week, one in the third; and a dataset with a hostile name. */
const LINES: TruthLine[] = [
  ...Array.from({ length: 420 }, (_, n) => ({
    key: `ds1/sub-${n % 2}/file`,
    time: MONDAY + Math.floor(n / 60) * DAY + n,
    client: 1 + (n % 70),
    bytes: 2n ** 54n,
  })),
  { key: 'ds1/rare', time: MONDAY + 15 * DAY, client: 1, bytes: 2n ** 53n },
  { key: '%1B%5B2J/=x%0A', time: MONDAY, client: 2, bytes: 7n },
  { key: '\u202e<b>/x', time: MONDAY, client: 2, bytes: 5n },
];

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = new Sandbox();
  sandbox.write('log', logText(LINES));
  const { status } = await sandbox.run(['update', '--from', 'logs'], {
    env: { S3_LOG_EXTRACTION_PASSWORD: 'five random words are good' },
  });
  expect(status).toBe(0);
});

function summary(...args: string[]) {
  return sandbox.run(['summary', ...args]);
}

describe('what is published is shown', () => {
  it('of one dataset, of the archive, and as JSON with exact bytes', async () => {
    const bytes = 420n * 2n ** 54n + 2n ** 53n;
    const { status, stdout, stderr } = await summary('ds1');
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('Dataset ds1');
    expect(stdout).toContain(String(bytes).replace(/\B(?=(\d{3})+$)/g, ','));
    expect(lines).toContain('  requests     420');
    expect(lines).toContain('  requesters   80');
    expect(lines).toContain('  days         2024-01-01 to 2024-01-16, 8 with requests');
    expect(lines).toContain('  by week      █·▁');
    expect(lines).toContain('  suppressed   counts of 1 of 8 days, for being small');
    expect(stdout).toMatch(/^3 assets, by bytes\n {2}sub-0\/file {2}█{20} /m);
    expect(stdout).toMatch(/^ {2}rare .* <50 requests$/m);
    expect(lines.filter((line) => [...line].length > 80)).toEqual([]);

    const { json, stdout: text } = await summary('ds1', '--json', '--top', '1');
    expect(text).toContain(`"total_bytes_sent":${bytes},`);
    expect(json).toMatchObject({
      dataset: 'ds1',
      totals: { number_of_requesters: 80, total_number_of_requests: 420 },
      days: { first: '2024-01-01', last: '2024-01-16', count: 8, suppressed: 1 },
      weeks: [{ start: '2024-01-01' }, { start: '2024-01-08', bytes: 0 }, { start: '2024-01-15' }],
      regions: { count: 1, rows: [{ name: 'missing' }] },
      assets: { count: 3, rows: [{ name: 'sub-0/file' }] },
      rules: { threshold: 50, modulus: 20 },
      robots: 'include',
    });

    const archive = await summary();
    expect(archive.stdout).toMatch(/^Archive of 3 datasets\n/);
    expect(archive.stdout).toMatch(/^3 datasets, by bytes\n {2}ds1 /m);
    expect(archive.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    expect((await summary('--json')).json.dataset).toBeNull();
  }, 60_000);

  it('of datasets with names that are no names', async () => {
    const { status, stdout } = await summary('%1B%5B2J');
    expect([status, stdout.split('\n')[0]]).toEqual([0, 'Dataset %1B%5B2J']);
  });
});

it('mistakes are told with what may have been meant', async () => {
  const unknown = await summary('sd1');
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain('Did you mean "ds1"?\n[DATASET_NOT_PUBLISHED]');
  const far = await summary('something else');
  expect(far.stderr).toContain('There are "%1B%5B2J", "ds1"');
  const top = await summary('--top', '1.5');
  expect([top.status, top.stderr]).toEqual([2, expect.stringContaining('INVALID_TOP')]);
  const nothing = await summary('--cache', 'nowhere');
  expect([nothing.status, nothing.stderr]).toEqual([1, expect.stringContaining('NO_CACHE')]);
}, 60_000);

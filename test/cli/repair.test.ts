import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
const lines: TruthLine[] = [];
for (let n = 0; n < 300; n++) {
  const key = `ds${n % 4}/sub-${n % 9}/file${n % 21}`;
  lines.push({ key, time: 1_700_000_000 + n * 4000, client: n % 80, bytes: BigInt(n * n) });
}
/** Three nights. */
const nights = [lines.slice(0, 100), lines.slice(100, 200), lines.slice(200)];

beforeEach(async () => {
  sandbox = new Sandbox();
  for (const [n, own] of nights.entries()) {
    sandbox.write(`night${n}/a.log`, logText(own.slice(0, 50)));
    sandbox.write(`night${n}/b.log`, logText(own.slice(50)));
    await sandbox.done('extract', 'logs');
  }
});

function filesIn(folder: string, part: string): string[] {
  const names = readdirSync(join(sandbox.cache, folder)).filter((name) => name.includes(part));
  return names.sort().map((name) => join(sandbox.cache, folder, name));
}

function flip(path: string, at?: number): void {
  const bytes = readFileSync(path);
  const i = at ?? Math.floor(bytes.length / 2);
  bytes[i] = (bytes[i] as number) ^ 4;
  writeFileSync(path, bytes);
}

async function expectWhole(): Promise<void> {
  await sandbox.done('update', '--from', 'logs');
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(lines)));
  expect((await sandbox.done('validate', 'cache')).findings).toEqual([]);
  expect((await sandbox.done('status')).lines).toMatchObject({ total: 300, kept: 300 });
}

describe('repair', () => {
  it('removes a file of indexes that cannot be read and whose name holds no check', async () => {
    await sandbox.done('update');
    const folder = join(sandbox.cache, 'ips/indexes');
    writeFileSync(join(folder, 'older.parquet'), 'PAR1, and no more');
    const update = await sandbox.run(['update', 'ip', 'indexes']);
    expect([update.status, update.stderr]).toEqual([1, expect.stringContaining('older.parquet')]);
    await sandbox.done('repair');
    expect(readdirSync(folder)).toHaveLength(1);
    await expectWhole();
  });

  it('extracts just the log files of a damaged commit again', async () => {
    const [segment] = filesIn('segments', '.records.');
    flip(segment as string);
    const update = await sandbox.run(['update']);
    expect(update.status).toBe(1);
    expect(update.stderr).toContain(segment);
    expect(update.stderr).toContain('s3logextraction repair');
    expect(readTree(join(sandbox.cache, 'summaries')).size).toBe(0);
    const dry = await sandbox.run(['repair', '--dry-run', '--json']);
    expect([dry.status, dry.json.withdraw.length]).toEqual([6, 1]);
    const { extractions } = await sandbox.done('repair');
    expect(extractions).toMatchObject([{ files: { found: 2, extracted: 2, failed: 0 } }]);
    await expectWhole();
  });

  it.each([['a commit record', () => flip(filesIn('commits', '.json')[1] as string, 60)]])(
    'mends %s',
    async (_what, damage) => {
      await sandbox.done('update');
      damage();
      expect((await sandbox.run(['validate', 'cache'])).status).toBe(6);
      await sandbox.done('repair', '--drop-missing');
      await expectWhole();
    },
  );

  it('gives up no records without being told to', async () => {
    flip(filesIn('segments', '.records.')[0] as string);
    rmSync(join(sandbox.logs, 'night0/b.log'));
    const refused = await sandbox.run(['repair']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('LOG_FILES_MISSING');
    expect(refused.stderr).toContain('night0/b.log');
    expect(filesIn('commits', '.json').length).toBe(3);
    const { extractions } = await sandbox.done('repair', '--drop-missing');
    expect(extractions).toMatchObject([{ files: { extracted: 1 } }]);
    expect((await sandbox.done('status')).lines.kept).toBe(250);
  });

  it('finds the log files where they are now', async () => {
    flip(filesIn('segments', '.records.')[0] as string);
    const moved = join(sandbox.root, 'moved');
    renameSync(sandbox.logs, moved);
    expect((await sandbox.run(['repair'])).status).toBe(1);
    await sandbox.done('repair', 'moved');
    renameSync(moved, sandbox.logs);
    await expectWhole();
  });

  it('takes in a log file that has changed, and what was in one commit with it, once', async () => {
    const more: TruthLine = { key: 'ds9/new', time: 1_700_000_000, client: 3, bytes: 5n };
    appendFileSync(join(sandbox.logs, 'night1/a.log'), logText([more]));
    expect((await sandbox.run(['extract', 'logs'])).status).toBe(3);
    const { extractions } = await sandbox.done('repair', '--changed');
    expect(extractions).toMatchObject([{ files: { extracted: 2, failed: 0 } }]);
    expect((await sandbox.run(['extract', 'logs'])).status).toBe(0);
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(
      expectedTree(recordsOf([...lines, more])),
    );
  });

  it('tells when the log files have other lines than were extracted from them', async () => {
    const [segment] = filesIn('segments', '.records.');
    flip(segment as string);
    sandbox.write('night0/a.log', logText(lines.slice(0, 20)));
    const cut = await sandbox.run(['repair']);
    expect(cut.status).toBe(0);
    expect(cut.stderr).toContain(
      'have 70 lines; when they were extracted first they had 100 lines.',
    );
    flip(filesIn('segments', '.records.')[0] as string);
    expect((await sandbox.run(['repair'])).stderr).not.toContain('warning');
  });

  it('goes on after it was killed', async () => {
    for (const path of filesIn('segments', '.records.')) flip(path);
    const { child, ended } = sandbox.start(['repair']);
    await sandbox.locked();
    while (filesIn('', 'repair.json').length === 0 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill('SIGKILL');
    await ended;
    await sandbox.done('repair');
    await expectWhole();
  });
});

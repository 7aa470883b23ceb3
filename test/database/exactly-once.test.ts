import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { Postgres } from '../support/postgres.js';
import { numbersFrom } from '../support/random-lines.js';

const SEED = Number(process.env.S3LOG_KILL_SEED ?? 7);
const MOST_KILLS = 40;

let server: Postgres;
/** Has logs of some 60 MB, what they come to, and is only read from. */
let model: Sandbox;
let sandbox: Sandbox;
let truth: { lines: { total: number; rejected: number }; files: number };
/** Lines of each log file. */
const linesOf = new Map<string, number>();

beforeAll(async () => {
  server = await Postgres.start({ max_wal_size: '4GB' });
});

afterAll(() => server.stop());

beforeEach(async () => {
  await server.query('DROP SCHEMA IF EXISTS s3_logs CASCADE');
  sandbox = new Sandbox();
  Object.assign(sandbox.env, server.env);
  model = sandbox;
  const logs = join(model.root, 'made');
  await model.done('testing', 'generate', 'benchmark', logs, '--size', '60');
  truth = JSON.parse(readFileSync(`${logs}.truth.json`, 'utf8'));
  linesOf.clear();
  for (const name of readdirSync(logs)) {
    copyFileSync(join(logs, name), join(sandbox.logs, name));
    linesOf.set(name, lineCount(readFileSync(join(logs, name))));
  }
});

/** The last line may lack its line feed. */
function lineCount(bytes: Buffer): number {
  const feeds = bytes.filter((byte) => byte === 0x0a).length;
  return feeds + (bytes.length > 0 && bytes.at(-1) !== 0x0a ? 1 : 0);
}

/** Every line is there exactly once: by three routes, none of which trusts another. */
async function expectAllOnce(): Promise<void> {
  const [counts] = await server.query(
    `SELECT (SELECT count(*) FROM s3_logs.s3_access_log)::int AS rows,
       (SELECT count(*) FROM (SELECT DISTINCT log_object, log_offset FROM s3_logs.s3_access_log) AS d)::int AS distinct_rows,
       (SELECT count(*) FROM s3_logs.s3_access_log_rejects)::int AS rejects,
       (SELECT count(*) FROM s3_logs.s3_log_objects)::int AS objects`,
  );
  const { total, rejected } = truth.lines;
  expect(counts).toEqual({
    rows: total - rejected,
    distinct_rows: total - rejected,
    rejects: rejected,
    objects: linesOf.size,
  });
  const objects = await server.query(
    `SELECT name, rows::int AS noted, rejects::int AS rejects,
       (SELECT count(*) FROM s3_logs.s3_access_log WHERE log_object = id)::int AS rows
     FROM s3_logs.s3_log_objects`,
  );
  expect(new Map(objects.map((row) => [row.name, row.rows + row.rejects]))).toEqual(linesOf);
  expect(objects.filter(({ noted, rows }) => noted !== rows)).toEqual([]);
}

/** Wait until rows are on their way, then some more. @returns whether they still are */
async function inMidCopy(moreMs: number, isOver: () => boolean): Promise<boolean> {
  while ((await server.rowsInCopy()) === 0) if (isOver()) return false;
  await wait(moreMs);
  return (await server.rowsInCopy()) > 0;
}

describe('each line is in the database exactly once', () => {
  it('when our process is killed at random instants, and logs are deleted as they are collected', async () => {
    const random = numbersFrom(SEED);
    let kills = 0;
    let inCopy = 0;
    for (let isDone = false; !isDone; ) {
      const args = ['database', 'collect', sandbox.logs, '--workers', '2', '--delete-after'];
      const { child, ended } = sandbox.start(args);
      if (kills < MOST_KILLS) {
        // Half of them anywhere, half of them for certain while rows are under way.
        if (random(2) === 0) await wait(150 + random(900));
        else if (await inMidCopy(random(60), () => child.exitCode !== null)) inCopy++;
        child.kill('SIGKILL');
        kills++;
      }
      const { signal, status, stderr } = await ended;
      expect(stderr).not.toContain('INTERNAL');
      if (signal === null) expect(status).toBe(0);
      isDone = signal === null;
      await expectNothingLost();
      // From some time on it must get further.
      if (kills >= 12 && inCopy >= 3) kills = MOST_KILLS;
    }
    expect(inCopy).toBeGreaterThanOrEqual(3);
    await expectAllOnce();
    // What is left has lines that were rejected, and these stand nowhere else.
    const kept = await server.query('SELECT name FROM s3_logs.s3_log_objects WHERE rejects > 0');
    expect(readdirSync(sandbox.logs).sort()).toEqual(kept.map(({ name }) => name).sort());
  });

  it('when the database is killed in mid-COPY and comes back', async () => {
    const { child, ended } = sandbox.start([
      ...[
        'database',
        'collect',
        sandbox.logs,
        '--workers',
        '2',
        '--delete-after',
        '--quiet',
        '--json',
      ],
    ]);
    let kills = 0;
    for (let attempt = 0; attempt < 20 && kills < 3 && child.exitCode === null; attempt++) {
      if (!(await inMidCopy(5, () => child.exitCode !== null))) continue;
      await server.kill();
      kills++;
      await server.restart();
      await expectNothingLost();
    }
    const { status, stderr, json } = await ended;
    expect(stderr).toBe('');
    expect([status, json.objects.collected, json.lines]).toEqual([
      0,
      linesOf.size,
      truth.lines.total,
    ]);
    expect(kills).toBeGreaterThan(0);
    await expectAllOnce();
  });

  it('when several collect the same at once', async () => {
    const args = ['database', 'collect', sandbox.logs, '--workers', '2', '--quiet', '--json'];
    const reports = (await Promise.all([1, 2, 3].map(() => sandbox.run(args)))).map((ended) => {
      expect(ended.stderr).toBe('');
      expect(ended.status).toBe(0);
      return ended.json;
    });
    const sum = (name: string) => reports.reduce((all, { objects }) => all + objects[name], 0);
    expect([sum('collected'), sum('known')]).toEqual([linesOf.size, 2 * linesOf.size]);
    await expectAllOnce();
  });

  it('when a log file cannot be read, changes, or is found again', async () => {
    const [first, second] = [...linesOf.keys()];
    sandbox.write('damaged.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6]));
    const one = await sandbox.run(['database', 'collect', sandbox.logs, '--json', '--limit', '3']);
    expect([one.status, one.json.objects.collected + one.json.objects.failed]).toEqual([
      one.json.objects.failed > 0 ? 3 : 0,
      3,
    ]);
    copyFileSync(join(sandbox.logs, first), sandbox.write('again/copy', ''));
    copyFileSync(join(sandbox.logs, first), sandbox.write(`again/${first}`, ''));
    const all = await sandbox.run(['database', 'collect', sandbox.logs, '--json']);
    expect(all.status).toBe(3);
    expect(all.stderr).toContain('damaged gzip data');
    sandbox.write(second, 'other content\n');
    const changed = await sandbox.run([
      'database',
      'collect',
      sandbox.logs,
      '--delete-after',
      '--json',
    ]);
    expect([changed.status, changed.json.rows]).toEqual([3, 0]);
    expect(changed.stderr).toContain('it has changed since it was collected');
    expect(existsSync(join(sandbox.logs, second))).toBe(true);
    const [{ rows }] = await server.query(
      'SELECT count(*)::int AS rows FROM s3_logs.s3_access_log',
    );
    const [{ copied }] = await server.query(
      `SELECT rows::int AS copied FROM s3_logs.s3_log_objects WHERE name = 'again/copy'`,
    );
    expect(rows).toBe(truth.lines.total - truth.lines.rejected + copied);
  });

  it('when it is stopped, and told to do it every now and then', async () => {
    const args = ['database', 'collect', sandbox.logs, '--every', '0.02', '--json'];
    const { child, ended } = sandbox.start(args);
    for (;;) {
      const [{ there }] = await server.query(
        `SELECT to_regclass('s3_logs.s3_log_objects') AS there`,
      );
      const [{ objects }] = there
        ? await server.query('SELECT count(*)::int AS objects FROM s3_logs.s3_log_objects')
        : [{ objects: 0 }];
      if (objects === linesOf.size) break;
      await wait(50);
    }
    sandbox.write('late/2030-01-01-00-00-00-0123456789ABCDEF', '');
    for (let isThere = false; !isThere; await wait(50)) {
      const rows = await server.query(
        `SELECT 1 FROM s3_logs.s3_log_objects WHERE name = '2030-01-01-00-00-00-0123456789ABCDEF'`,
      );
      isThere = rows.length > 0;
    }
    child.kill('SIGTERM');
    const { status, stdout } = await ended;
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').length).toBeGreaterThan(1);
    linesOf.set('2030-01-01-00-00-00-0123456789ABCDEF', 0);
    await expectAllOnce();
  });
});

/** No log file is gone whose rows are not all there. */
async function expectNothingLost(): Promise<void> {
  const [{ there }] = await server.query(`SELECT to_regclass('s3_logs.s3_log_objects') AS there`);
  const rows = there ? await server.query('SELECT name FROM s3_logs.s3_log_objects') : [];
  const collected = new Set(rows.map(({ name }) => name));
  const left = new Set(readdirSync(sandbox.logs));
  expect([...linesOf.keys()].filter((name) => !left.has(name) && !collected.has(name))).toEqual([]);
}

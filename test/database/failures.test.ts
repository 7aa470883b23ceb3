import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { Postgres } from '../support/postgres.js';

const LINE =
  'owner bucket [01/Mar/2024:00:00:00 +0000] 192.0.2.1 - ABCDEF0123456789 REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "agent" -\n';

let server: Postgres;
let sandbox: Sandbox;

beforeAll(async () => {
  server = await Postgres.start();
  await server.query(`CREATE ROLE reader LOGIN PASSWORD '${server.password}'`);
  await server.query(
    `CREATE DATABASE latin ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  );
});

afterAll(() => server.stop());

beforeEach(async () => {
  await server.query('DROP SCHEMA IF EXISTS s3_logs CASCADE');
  sandbox = new Sandbox();
  Object.assign(sandbox.env, server.env);
  sandbox.write('log', LINE.repeat(10));
});

describe('what goes wrong is told in one paragraph', () => {
  it.each([
    ['a port where nothing listens', { PGPORT: '1' }, 1, 'DATABASE_UNREACHABLE'],
    ['a host that does not exist', { PGHOST: 'nowhere.invalid' }, 1, 'DATABASE_UNREACHABLE'],
    ['no password', { PGPASSWORD: undefined }, 1, 'DATABASE_LOGIN_FAILED'],
    ['no encryption', { PGSSLMODE: 'require' }, 1, 'DATABASE_TLS_FAILED'],
    ['a wrong password', { PGPASSWORD: 'wrong-secret' }, 1, 'DATABASE_LOGIN_FAILED'],
    ['a missing database', { PGDATABASE: 'none' }, 1, 'DATABASE_MISSING'],
    ['a user without privileges', { PGUSER: 'reader' }, 1, 'DATABASE_PRIVILEGE_MISSING'],
    ['another encoding', { PGDATABASE: 'latin' }, 1, 'DATABASE_ENCODING'],
    ['a URL', { PGDATABASE: 'postgres://u:wrong-secret@h/d' }, 2, 'INVALID_DATABASE_SETTING'],
    ['a port that is none', { PGPORT: 'x' }, 2, 'INVALID_DATABASE_SETTING'],
  ])('%s', async (_what, env, status, code) => {
    const ended = await sandbox.run(['database', 'collect', sandbox.logs, '--json'], { env });
    expect([ended.status, ended.json.error.code]).toEqual([status, code]);
    expect(ended.stderr).toContain(`[${code}]`);
    expect(ended.stderr.split('\n').length).toBeLessThanOrEqual(4);
    expect(ended.json.error.hint).not.toBeNull();
    for (const secret of [server.password, 'wrong-secret']) {
      expect(ended.stdout + ended.stderr).not.toContain(secret);
    }
  });

  it.each([
    ['an SQLSTATE that is none', 'E', 'SFATAL\0C28\u001b[31m\0M198.51.100.7\0\0'],
    ['another login', 'R', '\0\0\0\nSCRAM-NONE\0\0'],
    ['a message that is none', '?', 'x'],
  ])('a server that answers with %s', async (_what, type, body) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(body.length + 4);
    const liar = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.write(Buffer.concat([Buffer.from(type), size, Buffer.from(body)])),
      );
    });
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const env = { PGPORT: String((liar.address() as AddressInfo).port) };
    const ended = await sandbox.run(['database', 'collect', sandbox.logs, '--json'], { env });
    liar.close();
    expect([ended.status, ended.json.error.code]).toEqual([1, 'DATABASE_FOREIGN']);
    expect(ended.stdout + ended.stderr).not.toMatch(/198|\u001b/);
  });

  it('no tables, for who only reads; a schema that is none; days that are none', async () => {
    const codeOf = async (...args: string[]) => {
      const { status, json } = await sandbox.run(['database', ...args, '--json']);
      return [status, json.error.code];
    };
    expect(await codeOf('usage')).toEqual([1, 'NO_LOG_TABLES']);
    expect(await codeOf('clean', '--retention-days', '9')).toEqual([1, 'NO_LOG_TABLES']);
    expect(await codeOf('clean')).toEqual([2, 'INVALID_RETENTION']);
    expect(await codeOf('usage', '--schema', 'x; DROP')).toEqual([2, 'INVALID_DATABASE_SETTING']);
    expect(await codeOf('usage', '--from', '2024-02-30')).toEqual([2, 'INVALID_PERIOD']);
    expect(await codeOf('usage', '--by', 'key')).toEqual([2, 'INVALID_BY']);
    expect(await codeOf('collect', sandbox.logs, '--every', '0')).toEqual([2, 'INVALID_EVERY']);
  });

  it('another password than that of the tables; the right one goes on', async () => {
    const args = ['database', 'collect', sandbox.logs, '--json'];
    const right = { S3_LOG_EXTRACTION_PASSWORD: 'five entirely random little words' };
    expect((await sandbox.run(args, { env: right })).json.rows).toBe(10);
    sandbox.write('more', LINE);
    const wrong = { S3_LOG_EXTRACTION_PASSWORD: 'some other utterly random words' };
    for (const env of [wrong, {}]) {
      const { status, json } = await sandbox.run(args, { env });
      expect([status, json.error.code]).toEqual([1, 'DATABASE_KEY_MISMATCH']);
    }
    expect((await sandbox.run(args, { env: right })).json.rows).toBe(1);
    const seals = await server.query('SELECT DISTINCT remote_ip FROM s3_logs.s3_access_log');
    expect(seals.length).toBe(1);
  });

  it('tables of a newer version, which are left as they are', async () => {
    await sandbox.done('database', 'collect', sandbox.logs);
    await server.query('INSERT INTO s3_logs.s3_log_migrations (version) VALUES (99)');
    const { status, json } = await sandbox.run(['database', 'collect', sandbox.logs, '--json']);
    expect([status, json.error.code]).toEqual([1, 'NEWER_LOG_TABLES']);
  });

  it('a server that goes away and stays away', async () => {
    await sandbox.done('database', 'collect', sandbox.logs);
    sandbox.write('more', LINE);
    await server.kill();
    try {
      const { status, json } = await sandbox.run(['database', 'collect', sandbox.logs, '--json']);
      expect([status, json.error.code]).toEqual([1, 'DATABASE_UNREACHABLE']);
    } finally {
      await server.restart();
    }
    expect((await sandbox.done('database', 'collect', sandbox.logs)).rows).toBe(1);
  });
});

describe('what works all the same', () => {
  it('the variables of the group that watches quotas', async () => {
    const { PGHOST, PGPORT, PGPASSWORD } = server.env;
    for (const name of Object.keys(server.env)) delete sandbox.env[name];
    const env = {
      POSTGRES_HOST: PGHOST,
      POSTGRES_PORT: PGPORT,
      POSTGRES_QUOTA_USER: 'postgres',
      POSTGRES_QUOTA_PASSWORD: PGPASSWORD,
    };
    const { json } = await sandbox.run(['database', 'collect', sandbox.logs, '--json'], { env });
    expect(json.rows).toBe(10);
  });

  it('a user with no more than the schema, and one who may only read', async () => {
    await server.query('CREATE SCHEMA s3_logs AUTHORIZATION reader');
    const env = { PGUSER: 'reader' };
    const { json } = await sandbox.run(['database', 'collect', sandbox.logs, '--json'], { env });
    expect(json.rows).toBe(10);
    await server.query(
      `ALTER SCHEMA s3_logs OWNER TO postgres; REASSIGN OWNED BY reader TO postgres;
       GRANT USAGE ON SCHEMA s3_logs TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA s3_logs TO reader`,
    );
    const args = ['database', 'usage', '--from', '2024-03-01', '--to', '2024-03-31', '--json'];
    expect((await sandbox.run(args, { env })).json.total.requests).toBe(10);
  });

  it('two that make the tables at once, and the partitions', async () => {
    const args = ['database', 'collect', sandbox.logs, '--json'];
    sandbox.write('second', LINE.replace('Mar/2024', 'Apr/2025'));
    const ended = await Promise.all([1, 2, 3, 4].map(() => sandbox.run(args)));
    expect(ended.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    const [{ rows }] = await server.query(
      'SELECT count(*)::int AS rows FROM s3_logs.s3_access_log',
    );
    expect(rows).toBe(11);
  });
});

describe('a full disk', () => {
  let disk: string | undefined;

  beforeEach(async () => {
    disk = join(sandbox.root, 'disk');
    mkdirSync(disk);
    try {
      const owner = 'uid=65534,gid=65534,mode=700';
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=8m,${owner}`, 'tmpfs', disk], {
        stdio: 'pipe',
      });
    } catch {
      disk = undefined;
    }
  });

  afterEach(async () => {
    if (disk === undefined) return;
    await server.query('ALTER ROLE postgres RESET default_tablespace');
    await server.query('DROP SCHEMA IF EXISTS s3_logs CASCADE');
    await server.query('DROP TABLESPACE IF EXISTS small');
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  it('is told, no log is deleted, and the next run goes on', async (context) => {
    if (disk === undefined) return context.skip();
    execFileSync('chmod', ['o+x', sandbox.root]);
    await server.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
    await server.query('ALTER ROLE postgres SET default_tablespace = small');
    sandbox.write('large', LINE.repeat(60_000));
    const args = ['database', 'collect', sandbox.logs, '--delete-after', '--json'];
    const full = await sandbox.run(args);
    expect([full.status, full.json.error.code]).toEqual([1, 'DATABASE_DISK_FULL']);
    execFileSync('mount', ['-o', 'remount,size=200m', disk]);
    const { objects } = (await sandbox.run(args)).json;
    expect(objects.deleted).toBe(2);
    const [{ rows }] = await server.query(
      'SELECT count(*)::int AS rows FROM s3_logs.s3_access_log',
    );
    expect(rows).toBe(60_010);
  });
});

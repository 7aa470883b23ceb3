import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { scratchDirectory } from './scratch.js';

/** Where the built program is; S3LOG_DIST names another build than `dist/`. */
export const DIST = process.env.S3LOG_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout, parsed. */
  readonly json: Json;
}

// biome-ignore lint/suspicious/noExplicitAny: what a program prints is looked into as it comes
export type Json = any;

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly executable?: 's3logextraction' | 's3_log_extraction';
  /** Run under this umask, such as `077`. */
  readonly umask?: string;
}

/** A user of their own: home, temporary folder, configuration, cache and logs, all new and empty. */
export class Sandbox {
  readonly root = scratchDirectory();
  readonly home = this.#folder('home');
  readonly tmp = this.#folder('tmp');
  readonly config = join(this.root, 'config');
  readonly cache = join(this.root, 'cache');
  readonly logs = this.#folder('logs');
  readonly env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: this.home,
    TMPDIR: this.tmp,
    XDG_CONFIG_HOME: join(this.home, 'xdg-config'),
    XDG_CACHE_HOME: join(this.home, 'xdg-cache'),
    S3_LOG_EXTRACTION_CONFIG_DIR: this.config,
    S3_LOG_EXTRACTION_CACHE: this.cache,
  };

  #folder(name: string): string {
    mkdirSync(join(this.root, name));
    return join(this.root, name);
  }

  /** Write a log file (or any other) below `logs`. @returns its path */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.logs, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    const program = join(DIST, 'bin', `${options.executable ?? 's3logextraction'}.js`);
    const command = [process.execPath, program, ...args];
    const [file, ...rest] =
      options.umask === undefined
        ? command
        : ['/bin/sh', '-c', `umask ${options.umask}; exec "$@"`, 'sh', ...command];
    const child = spawn(file as string, rest, {
      cwd: this.root,
      env: { ...this.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => {
        resolve({
          status,
          signal,
          ...texts,
          get json() {
            return JSON.parse(texts.stdout.trimEnd().split('\n').at(-1) ?? '');
          },
        });
      });
    });
    return { child, ended };
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** As {@link run}, for what must end well. @returns what `--json` printed */
  async done(...args: string[]): Promise<Json> {
    const ended = await this.run([...args, '--json']);
    if (ended.status !== 0) throw new Error(`${args.join(' ')}: ${ended.status} ${ended.stderr}`);
    return ended.json;
  }

  /** Wait until some command writes to the cache. */
  async locked(): Promise<void> {
    const lock = join(this.cache, 'lock');
    for (;;) {
      const names = existsSync(lock)
        ? readdirSync(lock).filter((name) => /^\d+\.json$/.test(name))
        : [];
      const newest = names.sort().at(-1);
      try {
        if (newest !== undefined && readFileSync(join(lock, newest), 'utf8').includes('"held"'))
          return;
      } catch {
        // Replaced just now.
      }
      await wait(5);
    }
  }

  /** Wait until a run writes segments, which no commit names yet. */
  async segmentsBegun(): Promise<void> {
    const segments = join(this.cache, 'segments');
    while (!existsSync(segments) || readdirSync(segments).length === 0) await wait(2);
  }
}

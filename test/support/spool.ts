import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Json, Sandbox } from './cli.js';

/** A sandbox with a spool, and watchers of it that do not outlive a failed test. */
export class SpoolSandbox extends Sandbox {
  readonly spool = join(this.root, 'spool');
  readonly watchers: ChildProcess[] = [];

  constructor() {
    super();
    mkdirSync(this.spool);
  }

  /** Write a file into the spool. @returns its path */
  put(name: string, content: string | Uint8Array): string {
    const path = join(this.spool, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** One round that takes whatever is there. */
  async once(...more: string[]): Promise<{ status: number | null; stderr: string; report: Json }> {
    const args = ['watch', 'spool', '--once', '--settle', '0', '--json', ...more];
    const { status, stderr, stdout } = await this.run(args);
    const last = stdout.trim().split('\n').at(-1);
    return { status, stderr, report: last === '' ? undefined : JSON.parse(last ?? '') };
  }

  /** A watcher that goes on. */
  watch(...more: string[]) {
    const running = this.start(['watch', 'spool', '--interval', '0.2', '--settle', '0.2', ...more]);
    this.watchers.push(running.child);
    return running;
  }

  /** Paths of all files of the spool but those of the watcher's own folder. */
  files(folder = this.spool): string[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('.s3logextraction'))
      .filter((path) => !lstatSync(join(folder, path)).isDirectory())
      .sort();
  }

  reason(name: string): Json {
    return JSON.parse(readFileSync(join(this.spool, 'failed', `${name}.reason.json`), 'utf8'));
  }

  async until(path: string): Promise<void> {
    while (!existsSync(join(this.root, path))) await wait(20);
  }

  kill(): void {
    for (const child of this.watchers.splice(0)) child.kill('SIGKILL');
  }
}

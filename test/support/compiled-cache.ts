import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** `cache/` compiled into a directory of its own, so that plain child processes can import it. */
export interface CompiledCache {
  /** Run a module text in a process of its own; `import` paths start with `./cache/`. */
  run(script: string, args: string[], options?: SpawnOptions): Promise<Ended>;
  remove(): void;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export function compileCache(): CompiledCache {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 's3logextraction-compiled-'));
  // Children may run as another user.
  chmodSync(directory, 0o755);
  const config = {
    extends: join(repository, 'tsconfig.json'),
    compilerOptions: {
      rootDir: repository,
      outDir: directory,
      declaration: false,
      typeRoots: [join(repository, 'node_modules/@types')],
    },
    files: [join(repository, 'cache/open-cache.ts')],
    include: [],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', join(directory, 'tsconfig.json')]);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  let scripts = 0;
  return {
    run(script, args, options = {}) {
      const path = resolve(directory, `script-${++scripts}.js`);
      writeFileSync(path, script);
      const child = spawn(process.execPath, [path, ...args], {
        ...options,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout?.on('data', (data) => (output += data));
      child.stderr?.on('data', (data) => (output += data));
      return new Promise((done, failed) => {
        child.on('error', failed);
        child.on('close', (status, signal) => done({ status, signal, output }));
      });
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

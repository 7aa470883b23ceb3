import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { found, openCageServer } from '../../support/opencage-server.js';
import { scratchDirectory } from '../../support/scratch.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** A process of its own that updates coordinates, from the code as it is now. */
function compileProgram(): string {
  const directory = scratchDirectory();
  const config = {
    extends: join(repository, 'tsconfig.json'),
    compilerOptions: {
      rootDir: repository,
      outDir: directory,
      declaration: false,
      noCheck: true,
      typeRoots: [join(repository, 'node_modules/@types')],
    },
    files: [join(repository, 'src/ip/coordinates/update-coordinates.ts')],
    include: [],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(directory, 'tsconfig.json')]);
  const program = join(directory, 'program.js');
  writeFileSync(
    program,
    `import { cachePaths } from './cache/paths.js';
     import { updateCoordinates } from './src/ip/coordinates/update-coordinates.js';
     const [root, ...regions] = process.argv.slice(2);
     const result = await updateCoordinates({
       paths: cachePaths(root), env: process.env, regions,
       opencage: { requestsPerSecond: 500 },
     });
     console.log(JSON.stringify(result));`,
  );
  return program;
}

describe('an update of coordinates that is killed', () => {
  it('asks nothing again that was saved, and ends like one that was not', async () => {
    const program = compileProgram();
    const root = join(scratchDirectory(), 'cache');
    mkdirSync(root);
    const regions = Array.from({ length: 12 }, (_, n) => `DE/Region ${String(n).padStart(2, '0')}`);
    const kills = new Set([3, 4, 8]);
    let kill = () => {};
    const server = await openCageServer(({ q }, n) => {
      if (!kills.has(n)) return found(Number(q.slice(7, 9)), 10);
      kill();
      return { hang: true };
    });
    const run = () =>
      new Promise<{ signal: NodeJS.Signals | null; output: string }>((resolve) => {
        const child = spawn(process.execPath, [program, root, ...regions], {
          env: { ...process.env, OPENCAGE_API_KEY: 'key-of-a-test', OPENCAGE_API_URL: server.url },
        });
        let output = '';
        child.stdout.on('data', (data) => (output += data));
        child.stderr.on('data', (data) => (output += data));
        kill = () => child.kill('SIGKILL');
        child.on('close', (_, signal) => resolve({ signal, output }));
      });

    for (let runs = 0; runs < kills.size; runs++) expect((await run()).signal).toBe('SIGKILL');
    const { signal, output } = await run();
    expect(signal).toBeNull();
    expect(JSON.parse(output)).toMatchObject({ sources: { opencage: 12 }, pending: [] });
    expect(output).not.toContain('key-of-a-test');
    // Each region once, and once more those whose answers never came.
    expect(server.requests).toHaveLength(12 + kills.size);
    const answered = server.requests.filter((_, n) => !kills.has(n + 1)).map(({ q }) => q);
    expect(answered).toEqual(regions.map((code) => `${code.slice(3)}, Germany`));
    const table = readFileSync(join(root, 'ips', 'coordinates.json'), 'utf8');
    expect(Object.keys(JSON.parse(table))).toEqual(regions);
    expect(readdirSync(join(root, 'ips'))).toEqual(['coordinates.json']);
  });
});

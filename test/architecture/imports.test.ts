import { builtinModules } from 'node:module';
import { homedir } from 'node:os';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  importsOf,
  LAYERS,
  type Layer,
  layerOf,
  productFiles,
  read,
  repositoryFiles,
  root,
  sizeBytes,
} from './source-files.js';

const LONGEST_FILE_LINES = 400;

const files = productFiles();
const known = new Set(files);
const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

/** The file that a relative import names; AssemblyScript names its files without a suffix. */
function target(from: string, specifier: string): string {
  const path = posix.join(posix.dirname(from), specifier);
  return from.includes('/assembly/') ? `${path}.ts` : path.replace(/\.js$/, '.ts');
}

function relativeImports(file: string): string[] {
  return importsOf(read(file))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => target(file, specifier));
}

describe('imports', () => {
  it('are found in the code at all', () => {
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap(relativeImports).length).toBeGreaterThan(5);
  });

  it('name files that exist, with their .js suffix', () => {
    const missing = files.flatMap((file) =>
      relativeImports(file)
        .filter((imported) => !known.has(imported) && imported !== 'package.json')
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(missing).toEqual([]);
  });

  it('point one way: bin, validation, src, cache', () => {
    const rank = (file: string) => LAYERS.indexOf(layerOf(file) as Layer);
    const backwards = files.flatMap((file) =>
      relativeImports(file)
        .filter((imported) => known.has(imported) && rank(imported) < rank(file))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(backwards).toEqual([]);
  });

  it('make no cycle between files', () => {
    expect(findCycle(new Map(files.map((file) => [file, relativeImports(file)])))).toEqual([]);
  });

  it('name only libraries that package.json installs for users', () => {
    const builtin = new Set(builtinModules.flatMap((name) => [`node:${name}`]));
    const strangers = files.flatMap((file) =>
      importsOf(read(file))
        .filter((specifier) => !specifier.startsWith('.') && !builtin.has(specifier))
        .filter((specifier) => !(packageOf(specifier) in manifest.dependencies))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(strangers).toEqual([]);
  });
});

describe('the checks themselves', () => {
  it('see a cycle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(findCycle(graph)).toEqual(['b', 'c', 'b']);
  });

  it('see every form of import and no comment', () => {
    const text = [
      "import type { A } from './a.js';",
      "export * from './b.js';",
      "import {\n  f,\n  type G,\n} from './f.js';",
      "say('taken from'), other('no import');",
      "import './c.js';",
      "const d = await import('./d.js');",
      "new Worker(new URL('./e.js', import.meta.url));",
      "// import './not.js';",
      "/** as in from './neither.js' */",
    ].join('\n');
    expect(importsOf(text).sort()).toEqual([
      './a.js',
      './b.js',
      './c.js',
      './d.js',
      './e.js',
      './f.js',
    ]);
  });
});

describe('source files', () => {
  it(`have at most ${LONGEST_FILE_LINES} lines`, () => {
    const long = repositoryFiles()
      .filter((file) => /\.(?:ts|mjs)$/.test(file))
      .filter((file) => read(file).split('\n').length > LONGEST_FILE_LINES + 1);
    expect(long).toEqual([]);
  });

  it('run no shell and evaluate no text', () => {
    const processes = /\bimport\s+([^;]*?)\s+from\s+'(?:node:)?child_process'/g;
    const forbidden = [/\bshell\s*:\s*(?!false)/, /(?<!\.)\beval\s*\(/, /\bnew\s+Function\s*\(/];
    const offenders = files.filter((file) => {
      const code = codeOf(read(file));
      // Named imports only, so that `exec`, which takes a shell's text, cannot hide behind a dot.
      const clauses = [...code.matchAll(processes)].map((match) => match[1]);
      const shell = clauses.some(
        (clause) => !clause.includes('{') || /\bexec(?:Sync)?\b/.test(clause),
      );
      return shell || forbidden.some((form) => form.test(code));
    });
    expect(offenders).toEqual([]);
  });
});

describe('every file of the repository', () => {
  const texts = repositoryFiles().filter(
    (file) =>
      /\.(?:ts|mjs|js|json|md|txt|yml|yaml)$|^\.|^LICENSE$/.test(file) && sizeBytes(file) < 4e6,
  );

  it('names no path of a machine', () => {
    // Homes of made-up people are fine in tests; those of this machine, and of root, are not.
    const forms = [...new Set(['/root', homedir(), root])].map((path) => folderOfMachine(path));
    expect(texts.filter((file) => forms.some((form) => form.test(read(file))))).toEqual([]);
  });

  it('names no package registry', () => {
    const hosts = ['registry.npmjs', 'registry.yarnpkg', 'npmmirror', 'npm.pkg.github'];
    const current = process.env.npm_config_registry;
    if (current !== undefined && URL.canParse(current)) hosts.push(new URL(current).host);
    const self = 'test/architecture/imports.test.ts';
    const naming = texts.filter(
      (file) => file !== self && hosts.some((host) => read(file).includes(host)),
    );
    expect(naming).toEqual([]);
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });
});

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function folderOfMachine(path: string): RegExp {
  return new RegExp(`(?<![\\w.~-])${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/[\\w.]`);
}

/** The files along a cycle, its first file again at the end; empty when there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

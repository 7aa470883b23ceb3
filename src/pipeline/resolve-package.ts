import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Where `import 'package'` would lead from a file. Node tells that only for the file that asks; `require.resolve` asks for another
 * one, but does not find what a package exports for `import` alone, so that is looked up in its package.json.
 *
 * @throws when there is no such package, or it exports nothing under that name
 */
export function resolvePackage(name: string, from: string): string {
  const require = createRequire(from);
  try {
    return require.resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    const found = importTarget(name, require.resolve.paths(name) ?? []);
    if (found === undefined) throw error;
    return found;
  }
}

function importTarget(name: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const manifest = join(folder, name, 'package.json');
    let exported: unknown;
    try {
      exported = (JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown }).exports;
    } catch {
      continue;
    }
    const target = targetOf(entryPoint(exported));
    return target === undefined ? undefined : join(dirname(manifest), target);
  }
  return undefined;
}

function entryPoint(exported: unknown): unknown {
  return typeof exported === 'object' && exported !== null && '.' in exported
    ? exported['.' as keyof typeof exported]
    : exported;
}

/** The first of its conditions that `import` meets. */
function targetOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [condition, target] of Object.entries(value)) {
    if (!['import', 'node', 'default'].includes(condition)) continue;
    const found = targetOf(target);
    if (found !== undefined) return found;
  }
  return undefined;
}

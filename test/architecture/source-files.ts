import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Layers in import order: each may import from itself and from those to its right. */
export const LAYERS = ['bin', 'validation', 'src', 'cache'] as const;

export type Layer = (typeof LAYERS)[number];

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.start']);

/** Every file that belongs to the repository, relative to its root, with `/`. */
export function repositoryFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return repositoryFiles(path);
    return entry.isFile() ? [relative(root, path).replaceAll('\\', '/')] : [];
  });
}

/** The TypeScript files of the product, without tests. */
export function productFiles(): string[] {
  return repositoryFiles().filter((file) => file.endsWith('.ts') && layerOf(file) !== undefined);
}

export function layerOf(file: string): Layer | undefined {
  return LAYERS.find((layer) => file.startsWith(`${layer}/`));
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

export function sizeBytes(file: string): number {
  return statSync(join(root, file)).size;
}

/** Source text without comments, so that prose about code is not taken for code. */
export function codeOf(text: string): string {
  return text.replace(/^\s*(?:\/\*|\*|\/\/).*$/gm, '').replace(/\s\/\/ .*$/gm, '');
}

/** What a file imports, statically, dynamically, or as the URL of a worker. */
export function importsOf(text: string): string[] {
  const code = codeOf(text);
  const forms = [
    /^(?:import|export)\b[^'"();]*\bfrom\s*'([^'\s]+)'/gm,
    /^import\s*'([^'\s]+)'/gm,
    /\bimport\(\s*'([^'\s]+)'/g,
    /\bnew URL\(\s*'(\.[^']+\.js)'\s*,\s*import\.meta\.url/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]));
}

import { readFileSync } from 'node:fs';

/** The tests run from the sources; what a browser runs is always built. */
const BUILT = import.meta.url.endsWith('.ts') ? '../../dist/src/report/' : './';
const ENTRY = new URL(`${BUILT}client/main.js`, import.meta.url);

/** `import { a, b } from './c.js';`, as the compiler writes it: one line, always of a file of ours. */
const IMPORT = /^import [^;]*? from '(\.[^']+)';\n|^import '(\.[^']+)';\n/gm;

/**
 * The script of the page as one text: its modules one after the other, each after those it imports. They are written so that no
 * two have a name in common at their top, which a test holds; so there is no need for a bundler.
 */
export function pageScript(): string {
  const seen = new Set<string>();
  const parts: string[] = [];
  const add = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const code = readFileSync(url, 'utf8');
    for (const [, named, bare] of code.matchAll(IMPORT)) add(new URL(named ?? bare, url));
    parts.push(plainScript(code));
  };
  add(ENTRY);
  return `(() => {\n'use strict';\n${parts.join('')}})();`;
}

/** Without imports, exports and comments of documentation. */
function plainScript(code: string): string {
  return code
    .replace(IMPORT, '')
    .replace(/^export \{\};\n/gm, '')
    .replace(/^export /gm, '')
    .replace(/^[ ]*\/\*\*(?:[^*]|\*(?!\/))*\*\/\n/gm, '')
    .replace(/^(?: {4})+/gm, '');
}

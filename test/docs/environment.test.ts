import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** The platform's, not ours: where it keeps configuration, what a terminal takes, and what npm and shells set. */
const PLATFORM =
  /^(?:APPDATA|HOME|INIT_CWD|LANG|LC_[A-Z]+|LOCALAPPDATA|LOGNAME|PATH|TERM|USER|USERPROFILE|XDG_[A-Z_]+)$/;

/** Set for a library, not read. */
const SET = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Read by a library alone. */
const BY_LIBRARIES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** How the code names a variable that it reads. */
const READS = [
  /\benv\.([A-Z][A-Z0-9_]*)/g,
  /_VARIABLE = '([A-Z][A-Z0-9_]*)'/g,
  /readSecret\(\s*'([A-Z][A-Z0-9_]*)'/g,
  /'((?:S3_LOG_EXTRACTION|SERVICE_RANGES)_[A-Z_]+)'/g,
  /\b(S3_QUOTA_[A-Z]+): '/g,
];

function inCode(): Set<string> {
  const found = new Set<string>();
  for (const folder of ['bin', 'cache', 'src', 'validation']) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/\.ts$/.test(name)) continue;
      const text = readFileSync(join(ROOT, folder, name), 'utf8');
      for (const read of READS) for (const [, variable] of text.matchAll(read)) found.add(variable);
    }
  }
  return new Set([...found].filter((name) => !PLATFORM.test(name) && name !== SET));
}

/** Of the table; `A_URL_X` (`_Y`) stands for `A_URL_X` and `A_URL_Y`. */
function inReadme(): Set<string> {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const table = readme.split('### Environment')[1].split('\n## ')[0];
  const found = new Set<string>();
  for (const line of table.split('\n').filter((row) => row.startsWith('| `'))) {
    let last = '';
    for (const [, name] of line.split('|')[1].matchAll(/`([A-Z0-9_]+)`/g)) {
      if (!name.startsWith('_')) last = name;
      found.add(name.startsWith('_') ? last.replace(/_[A-Z]+$/, name) : name);
    }
  }
  return found;
}

it('README names every variable of the environment that is read, and no other', () => {
  const code = inCode();
  expect(code.size).toBeGreaterThan(10);
  expect([...inReadme()].sort()).toEqual([...code, ...BY_LIBRARIES].sort());
});

// The README's command reference, made from the program's own --help. `node test/docs/reference.mjs --write`
// puts it into the README; test/docs/reference.test.ts fails when the two part.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../..');
const readme = join(root, 'README.md');
const BEGIN = '<!-- reference: made by test/docs/reference.mjs -->';
const END = '<!-- end of reference -->';

/** Everything that can be run, found by asking each level for its commands. */
function commandsBelow(path) {
  const help = helpOf(path);
  const prefix = ['s3logextraction', ...path].join(' ');
  const names = help
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${prefix} `))
    .map((line) => line.slice(prefix.length + 1).split(/\s/)[0])
    .filter((name) => /^[a-z][a-z-]*$/.test(name));
  const below = [...new Set(names)].filter((name) => {
    const child = helpOf([...path, name]);
    return child !== help && child.startsWith(`${prefix} ${name}`);
  });
  const children = below.flatMap((name) => commandsBelow([...path, name]));
  const isGroup = below.length > 0 && !help.includes('[default]');
  return isGroup || path.length === 0 ? children : [path, ...children];
}

const helps = new Map();

function helpOf(path) {
  const program = join(root, 'dist/bin/s3logextraction.js');
  const key = path.join(' ');
  if (!helps.has(key)) {
    const args = [program, ...path, '--help'];
    helps.set(key, execFileSync(process.execPath, args, { encoding: 'utf8' }));
  }
  return helps.get(key);
}

/** The options that stand in every command's help are told once. */
const COMMON = /^ {2,}(?:-h, )?--(?:cache|json|quiet|version|help)\b/;

function sectionOf(path) {
  const lines = helpOf(path).trimEnd().split('\n');
  const kept = [];
  let isDropping = false;
  for (const line of lines) {
    if (line.startsWith('exit ')) break;
    if (/^ {0,6}\S/.test(line)) isDropping = COMMON.test(line);
    if (!isDropping) kept.push(line);
  }
  const text = kept
    .join('\n')
    .replace(/Options:\s*(?=Examples:|$)/, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return `#### \`s3logextraction ${path.join(' ')}\`\n\n\`\`\`text\n${text}\n\`\`\`\n`;
}

/** The reference as Markdown. */
export function reference() {
  const top = helpOf([]);
  const common = top.slice(top.indexOf('Options:'), top.indexOf('exit 0')).trimEnd();
  const statuses = top
    .slice(top.indexOf('exit 0'))
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^exit (\d+): (.*)$/, '| $1 | $2 |'));
  return [
    `Every command takes:\n\n\`\`\`text\n${common}\n\`\`\`\n`,
    ...commandsBelow([]).map(sectionOf),
    `### Exit statuses\n\n| status | meaning |\n|---|---|\n${statuses.join('\n')}\n`,
  ].join('\n');
}

/** What stands in the README now. */
export function referenceInReadme() {
  const text = readFileSync(readme, 'utf8');
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href && process.argv.includes('--write')) {
  const text = readFileSync(readme, 'utf8');
  const before = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  writeFileSync(readme, `${before}\n\n${reference().trim()}\n\n${text.slice(text.indexOf(END))}`);
}

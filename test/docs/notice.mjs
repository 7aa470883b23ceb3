// NOTICE: every package that an installation brings along, from package-lock.json.
//   node test/docs/notice.mjs           compares
//   node test/docs/notice.mjs --write   writes
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/setup.mjs';

/** Licences that ask for nothing but to be passed on. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
]);

/** @returns name, version and licence of each package that is not for development alone, in order */
export function shippedPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const shipped = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { name, version, license }]) => ({
      path,
      name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license: license ?? manifestOf(path)?.license ?? 'unknown',
    }));
  return shipped.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function isAllowed(license) {
  return (
    ALLOWED.has(license) ||
    license
      .replace(/[()]/g, '')
      .split(' OR ')
      .some((one) => ALLOWED.has(one))
  );
}

export function noticeText() {
  const head = [
    's3-log-extraction',
    'Licensed under the MIT License, see LICENSE.',
    '',
    'An installation brings along these packages. Their licences stand in their own folders; each line names',
    'package, version, licence and, where the package says so, who holds its copyright.',
    '',
  ];
  const seen = new Set();
  const rows = shippedPackages().flatMap(({ path, name, version, license }) => {
    const row = [`${name} ${version}`, license, copyrightOf(path)]
      .filter((text) => text !== undefined)
      .join('; ');
    if (seen.has(row)) return [];
    seen.add(row);
    return [row];
  });
  const lists = [
    '',
    'The list of robots in src/pipeline/handlers is that of COUNTER-Robots, 2019-08-06; MIT, the terms of which stand in LICENSE; Copyright (c) 2018 COUNTER ONLINE METRICS.',
  ];
  return [...head, ...rows, ...lists, ''].join('\n');
}

function manifestOf(path) {
  const file = join(root, path, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** The first line of its licence that claims one. Packages for other platforms are not installed, and say nothing here. */
function copyrightOf(path) {
  const folder = join(root, path);
  if (!existsSync(folder) || path.includes('-bindings-')) return undefined;
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) return undefined;
  const text = readFileSync(join(folder, file), 'utf8');
  return /^\W*(copyright (?:\(c\)|©|\d).*?)\s*$/im.exec(text)?.[1];
}

if (process.argv[1] === import.meta.filename) {
  const file = join(root, 'NOTICE');
  if (process.argv.includes('--write')) writeFileSync(file, noticeText());
  else if (readFileSync(file, 'utf8') !== noticeText()) process.exitCode = 1;
}

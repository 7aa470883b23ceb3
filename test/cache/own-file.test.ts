import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  APPEND_OWN,
  GROW_OWN,
  growOwnFile,
  openOwnFile,
  readOwnFile,
  readOwnText,
  removeOwnFile,
  renameToOwn,
  requireOwnFolders,
  WRITE_OWN,
} from '../../cache/own-file.js';
import { scratchDirectory } from '../support/scratch.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = scratchDirectory();
  path = join(folder, 'file');
});

/** How something else comes to stand in the place of a file, and what it is called then. */
const OTHERS: readonly (readonly [string, () => Promise<() => void>])[] = [
  ['a folder', made(() => mkdirSync(path))],
  ['a folder', made(() => mkdirSync(join(path, 'thesis'), { recursive: true }))],
  ['a named pipe', made(() => execFileSync('mkfifo', [path]))],
  ['a socket or a device', listening],
];

function made(make: () => unknown): () => Promise<() => void> {
  return async () => {
    make();
    return () => {};
  };
}

async function listening(): Promise<() => void> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(path, ready));
  return () => server.close();
}

test.each(OTHERS)('%s in place of a file is damage for whoever opens it', async (kind, put) => {
  const away = await put();
  const damage = {
    code: 'CACHE_DAMAGED',
    message: expect.stringContaining(`${path} is damaged: it is not a regular file but ${kind}`),
    hint: expect.stringContaining('move it away'),
  };
  for (const open of [
    () => openOwnFile(path),
    () => openOwnFile(path, WRITE_OWN),
    () => growOwnFile(path, GROW_OWN, 0o600),
    () => readOwnFile(path),
    () => readOwnText(path),
  ]) {
    expect(open).toThrow(expect.objectContaining(damage));
  }
  // A pipe that nobody reads cannot be opened for writing alone, and is then told as a socket is.
  expect(() => growOwnFile(path, APPEND_OWN, 0o600)).toThrow(
    expect.objectContaining({ code: 'CACHE_DAMAGED' }),
  );
  away();
});

test('what is too large for what is read as a whole is not read', () => {
  writeFileSync(path, '{}');
  truncateSync(path, 3 * 2 ** 30);
  for (const read of [() => readOwnFile(path), () => readOwnText(path)]) {
    expect(read).toThrow(`${path} is damaged: it has 3221225472 bytes, which none has`);
  }
  truncateSync(path, 2);
  expect(readOwnText(path)).toBe('{}');
});

test.each(OTHERS)(
  '%s is removed or replaced, unless somebody has something in it',
  async (_, put) => {
    const away = await put();
    const finished = join(folder, 'file.tmp');
    writeFileSync(finished, 'new');
    const actions = [() => removeOwnFile(path), () => renameToOwn(finished, path)];
    if (existsSync(join(path, 'thesis'))) {
      for (const action of actions) {
        expect(action).toThrow(expect.objectContaining({ code: 'CACHE_DAMAGED' }));
      }
      expect(existsSync(join(path, 'thesis'))).toBe(true);
      expect(readFileSync(finished, 'utf8')).toBe('new');
    } else {
      renameToOwn(finished, path);
      expect(readFileSync(path, 'utf8')).toBe('new');
      removeOwnFile(path);
      away();
      await put().then((again) => {
        removeOwnFile(path);
        again();
      });
      expect(existsSync(path)).toBe(false);
      removeOwnFile(path);
    }
  },
);

test('a file in place of a folder is named', () => {
  writeFileSync(join(folder, 'commits'), '');
  expect(() => requireOwnFolders({ root: folder })).toThrow(
    `${join(folder, 'commits')} is damaged: it is to be a folder, and is none`,
  );
});

import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isSameFolder } from '../../cache/published-folder.js';
import { scratchDirectory } from '../support/scratch.js';

it('two paths lead to the same folder when that is one folder, however it is written', () => {
  const root = scratchDirectory();
  mkdirSync(join(root, 'a', 'ds1'), { recursive: true });
  mkdirSync(join(root, 'a', 'ds2'));
  // As a file system does that takes names in another case for the same.
  symlinkSync('a', join(root, 'A'));
  expect(isSameFolder(join(root, 'a', 'ds1'), join(root, 'A', 'ds1'))).toBe(true);
  expect(isSameFolder(join(root, 'a', 'ds1'), join(root, 'A', 'ds2'))).toBe(false);
  expect(isSameFolder(join(root, 'a', 'ds1'), join(root, 'a', 'ds3'))).toBe(false);
});

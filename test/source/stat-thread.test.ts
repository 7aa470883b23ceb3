import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { type LogPath, logPath } from '../../src/source/log-path.js';
import { NO_FILE, statFiles } from '../../src/source/stat-files.js';
import { DIST } from '../support/cli.js';
import { scratchDirectory } from '../support/scratch.js';

it('a thread says of files what looking at them here says, question by question', async () => {
  // As built: a thread cannot load TypeScript.
  const built = pathToFileURL(join(DIST, 'src/source/stat-thread.js')).href;
  const { StatThread } = (await import(built)) as typeof import('../../src/source/stat-thread.js');
  const root = scratchDirectory();
  for (const [i, name] of ['a', 'b\n', 'é', 'ff'].entries()) {
    writeFileSync(join(root, name), 'x'.repeat(i));
    utimesSync(join(root, name), i + 0.5, 1_700_000_000.75 + i);
  }
  symlinkSync('.', join(root, 'here'));
  const names = ['a', 'nothing', 'here', 'b\n', 'é', 'a/b', 'ff'].map(logPath) as LogPath[];
  const questions = Array.from({ length: 50 }, (_, i) => [...names.slice(i % 7), ...names]);
  const thread = new StatThread(logPath(root));
  const answers = await Promise.all(questions.map((paths) => thread.stat(paths)));
  expect(thread.hasEnded).toBe(false);
  expect(answers).toEqual(questions.map((paths) => statFiles(logPath(root), paths)));
  expect(answers[0].sizes.slice(0, 7)).toEqual(
    Float64Array.of(0, NO_FILE.unreadable, NO_FILE.folder, 1, 2, NO_FILE.unreadable, 3),
  );
  expect(answers[0].modified[0]).toBe(1_700_000_000_750);
  expect(answers[0].reasons.slice(0, 2)).toEqual(['ENOENT', 'ENOTDIR']);
  thread.close();
});

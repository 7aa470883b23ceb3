import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openCacheForReading } from '../../cache/open-cache.js';
import { readOutputs } from '../../src/pipeline/read-outputs.js';
import { DIST, Sandbox } from '../support/cli.js';

const TEXT = readFileSync(join(import.meta.dirname, '../../PIPELINES.md'), 'utf8');

/** Blocks of code in a language, in order. */
function blocks(language: string): string[] {
  return [...TEXT.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 'gs'))].map(
    ([, code]) => code,
  );
}

function line(key: string, agent = 'curl/8'): string {
  return `owner bucket [01/Mar/2025:10:00:00 +0000] 198.51.100.7 - ID REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" 200 - 5 5 1 1 "-" "${agent}" -\n`;
}

it('PIPELINES.md: its file and its template work as they stand there, the package by its name', async () => {
  const sandbox = new Sandbox();
  sandbox.write(
    'a.log',
    `${line('d/a.nii')}${line('d/b.nii')}${line('d/b.md5')}${line('test/x.nii')}`,
  );
  const modules = join(sandbox.root, 'node_modules');
  mkdirSync(join(modules, '@my-archive/handlers'), { recursive: true });
  // As it would be installed.
  symlinkSync(dirname(DIST), join(modules, 's3-log-extraction'));
  const [template, streams] = blocks('js');
  writeFileSync(join(sandbox.root, 'my-handler.mjs'), template);
  writeFileSync(
    join(modules, '@my-archive/handlers/package.json'),
    '{"type":"module","exports":"./index.js"}',
  );
  writeFileSync(
    join(modules, '@my-archive/handlers/index.js'),
    'export default { configure: () => ({ create: () => ({ handleEvents: (events) => events }) }) };',
  );
  writeFileSync(join(sandbox.root, 'pipeline.yaml'), blocks('yaml')[0]);
  const { json, stderr } = await sandbox.run(
    'extract logs --pipeline pipeline.yaml --json'.split(' '),
  );
  expect(json.lines).toMatchObject({ kept: 2, skipped: 2, notes: { dropped_by_pipeline: 2 } });
  expect(stderr).toContain('3 records, 15 bytes, 3 tagged robot; 1 dropped.');
  const outputs = [];
  for await (const { line: text } of readOutputs(openCacheForReading(sandbox.cache), 'kinds')) {
    outputs.push(JSON.parse(text));
  }
  expect(outputs).toEqual([{ nii: 2 }]);
  expect((await sandbox.run('config pipeline set pipeline.yaml'.split(' '))).status).toBe(0);
  expect((await sandbox.run('update summaries --robots exclude'.split(' '))).status).toBe(0);
  writeFileSync(
    join(sandbox.root, 'streams.mjs'),
    `${streams}\nconsole.log(JSON.stringify(result));`,
  );
  const { default: child } = await import('node:child_process');
  const program = join(sandbox.root, 'streams.mjs');
  expect(child.execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe('[2,4,6]\n');
});

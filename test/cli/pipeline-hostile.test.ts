import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';

const LOG =
  'owner bucket [01/Mar/2025:10:00:00 +0000] 198.51.100.7 - ABCDEF0123456789 REST.GET.OBJECT a/b "GET /a/b HTTP/1.1" 200 - 7 7 1 1 "-" "-" - id SigV4 - - host TLSv1.2 - -\n'.repeat(
    20,
  );

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});

function write(...handlers: readonly object[]): void {
  writeFileSync(join(sandbox.root, 'pipeline.yaml'), JSON.stringify({ version: 1, handlers }));
}

function handlerFile(name: string, body: string): { use: string } {
  writeFileSync(join(sandbox.root, `${name}.mjs`), `export default ${body};\n`);
  return { use: `./${name}.mjs` };
}

function extract() {
  return sandbox.run([
    'extract',
    sandbox.logs,
    '--pipeline',
    join(sandbox.root, 'pipeline.yaml'),
    '--json',
  ]);
}

describe('a handler that misbehaves', () => {
  const logs = (): void => void sandbox.write('a.log', LOG);
  const handler = (members: string) =>
    handlerFile('bad', `{configure: () => ({create: () => ({${members}})})}`);

  it('cannot make a run wait for ever, nor be told without a word, by what its commit throws', async () => {
    logs();
    write(handler('handleEvents: (e) => e, commit() { throw { toString() { throw 1; } }; }'));
    const { status, stderr, json } = await extract();
    expect([status, json.lines.kept]).toEqual([0, 20]);
    expect(stderr).toContain('commit of ./bad.mjs failed');
  });

  it.each([
    ['null', 'null'],
    ['an error with a name', "Object.assign(new Error('x'), { name: '198.51.100.7' })"],
  ])('ends in words when a timer of it throws %s', async (_, thrown) => {
    logs();
    write(handler(`handleEvents(e) { setTimeout(() => { throw ${thrown}; }, 0); return e; }`));
    const { status, stderr, json } = await extract();
    expect([status, json.error.code]).toEqual([1, 'WORKER_DIED']);
    expect(stderr).not.toContain('198.51.');
  });

  it('prints where results are not, and tells no address', async () => {
    logs();
    write(
      handler(
        "handleEvents(e, env) { process.stdout.write('printed'); env.log('info', 'k/198.51.100.7'); env.log('info', 'x'.repeat(1e6)); return e; }",
      ),
    );
    const { status, stdout, stderr, json } = await extract();
    expect([status, json.lines.kept]).toEqual([0, 20]);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).not.toContain('printed');
    expect(stderr).toContain('printed');
    expect(stderr).toContain('it is not shown');
    expect(stderr).not.toContain('198.51.');
    expect(stderr.length).toBeLessThan(10_000);
  });

  it('is told that columns are not replaced, and that there is no room', async () => {
    logs();
    write(handler('handleEvents(e) { e.times = new Float64Array(e.rows); return e; }'));
    expect((await extract()).json.error).toMatchObject({ code: 'PIPELINE_HANDLER_FAILED' });
    write(
      handler(
        "handleEvents(e) { for (let n = 0; n < 100000; n++) e.setKey(0, n + '/' + '\u4e2d'.repeat(4000)); return e; }",
      ),
    );
    expect((await extract()).json.error.message).toContain('no room for so many other keys');
    expect(readdirSync(join(sandbox.cache, 'segments'))).toEqual([]);
  });

  it('is a file, and none of the folder in which the program happens to be', async () => {
    logs();
    writeFileSync(join(sandbox.root, 'fs'), 'process.exitCode = 42;');
    mkdirSync(join(sandbox.root, 'folder.mjs'));
    execFileSync('mkfifo', [join(sandbox.root, 'pipe.mjs')]);
    for (const use of ['fs', 'node:fs', './folder.mjs', './pipe.mjs', '/dev/zero']) {
      write({ use });
      const { status, json } = await extract();
      expect([use, status, json.error.code]).toEqual([use, 2, 'INVALID_PIPELINE']);
    }
    write(handlerFile('trap', "new Proxy({}, { get() { throw new Error('x'); } })"));
    expect((await extract()).json.error).toMatchObject({ code: 'INVALID_PIPELINE' });
  });
});

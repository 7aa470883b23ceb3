import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpoolSandbox } from '../support/spool.js';
import { soundLine } from '../validation/sound-logs.js';

const SECRET = 'canary-Key-5f1d8e';

let sandbox: SpoolSandbox;
beforeEach(() => {
  sandbox = new SpoolSandbox();
});
afterEach(() => sandbox.kill());

/** All that is kept, and was not there before. */
function texts(): string {
  return sandbox
    .files()
    .filter((path) => path.endsWith('.json'))
    .map((path) => readFileSync(join(sandbox.spool, path), 'utf8'))
    .join('\n');
}

describe('excerpts of files that are links', () => {
  it('are of nothing but what is in the spool: a link may lead to the key', async () => {
    const key = join(sandbox.root, 'key');
    const log = join(sandbox.root, 'log');
    writeFileSync(key, `${SECRET}\n${`${SECRET} `.repeat(30)}\n`);
    writeFileSync(log, `${soundLine(1)}\n${SECRET}\n`);
    symlinkSync(key, join(sandbox.spool, 'notes.txt'));
    symlinkSync(log, join(sandbox.spool, 'a.log'));
    const { report, stderr } = await sandbox.once('--excerpts');
    expect(report).toMatchObject({
      extracted: 1,
      failed: { NOT_A_LOG: 1 },
      excerpts: { lines: 0 },
    });
    expect(stderr).toContain('notes.txt: it leads out of the spool.');
    expect(sandbox.reason('notes.txt')).not.toHaveProperty('excerpts');
    expect(readdirSync(join(sandbox.spool, '.s3logextraction/excerpts'))).toEqual([]);
    expect(`${stderr}${texts()}`).not.toContain(SECRET);
  });

  it('are kept where git-annex has the content of a link below the spool', async () => {
    const objects = join(sandbox.spool, '.git/annex/objects');
    mkdirSync(objects, { recursive: true });
    writeFileSync(join(objects, 'ä'), 'no log at all\n');
    symlinkSync('.git/annex/objects/ä', join(sandbox.spool, 'inside.txt'));
    const { report } = await sandbox.once('--excerpts');
    expect(report).toMatchObject({ failed: { NOT_A_LOG: 1 }, excerpts: { lines: 1 } });
    expect(sandbox.reason('inside.txt').excerpts[0].text).toBe('no log at all');
  });
});

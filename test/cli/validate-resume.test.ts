import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Json, Sandbox } from '../support/cli.js';
import { SoundLogs, soundLine } from '../validation/sound-logs.js';

const FILES = 2500;
/** Records that are written together, and their bytes. */
const WRITTEN = 1024;
const RECORD_BYTES = 64;

describe('a validation that is interrupted', () => {
  it('by SIGKILL or SIGINT goes on where it was, and says what an undisturbed one says', async () => {
    const sandbox = new Sandbox();
    const logs = new SoundLogs(FILES, 2);
    const planted = [5, 1500, 2400].map((file) =>
      logs.plant(file, 1, soundLine(file, { ip: '300.1.2.3' })),
    );
    logs.write();
    const args = ['validate', 'lines,duplicates', logs.source, '--json', '--workers', '1'];
    const folder = join(sandbox.cache, 'validation');
    const records = join(folder, 'lines-v1.files');
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const { child, ended } = sandbox.start(args);
      const wanted = (signal === 'SIGKILL' ? 1 : 2) * WRITTEN * RECORD_BYTES;
      while (child.exitCode === null && sizeOf(records) < wanted) await wait(5);
      child.kill(signal);
      const { status, json } = await (signal === 'SIGKILL'
        ? ended.then(({ status }) => ({ status, json: undefined as Json }))
        : ended);
      // It may have been done already.
      if (signal === 'SIGINT') expect([0, 6]).toContain(status);
      if (json?.stopped === false) expect(json.files.read).toBe(FILES);
    }
    const { status, json } = await sandbox.run(['validate', 'lines', ...args.slice(2)]);
    expect(status).toBe(6);
    expect(json.files.known).toBeGreaterThanOrEqual(2 * WRITTEN);
    expect(json).toMatchObject({ stopped: false, lines: 2 * FILES });
    expect(json.findings).toMatchObject(
      planted.map((place) => ({ reason: 'invalid_remote_ip', ...place })),
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('scratch'))).toEqual([]);
    // Validation alone made no cache; one may be made where it keeps its state.
    expect(readdirSync(sandbox.cache)).toEqual(['validation']);
    await sandbox.done('extract', logs.source);
  });
});

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

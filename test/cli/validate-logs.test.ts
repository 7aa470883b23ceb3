import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { SoundLogs, soundLine } from '../validation/sound-logs.js';

describe('validate PROTOCOL SOURCE', () => {
  it('tells findings as text and as JSON, with any number of workers, and ends with 6', async () => {
    const sandbox = new Sandbox();
    const logs = new SoundLogs(30, 10);
    const first = logs.plant(3, 4, soundLine(1, { ip: '300.1.2.3' }));
    const second = logs.plant(21, 0, 'no line');
    logs.write();
    await sandbox.done('config', 'source', 'set', logs.source);
    for (const workers of ['1', '3']) {
      const cache = join(sandbox.root, `cache-${workers}`);
      const args = ['validate', 'lines', '--json', '--workers', workers, '--cache', cache];
      const { status, json } = await sandbox.run(args);
      expect(status).toBe(6);
      expect(json).toMatchObject({ lines: 300, stopped: false, files: { found: 30, read: 30 } });
      expect(json.protocols[0]).toMatchObject({ protocol: 'lines', version: 1, findings: 2 });
      expect(json.findings).toMatchObject([
        { claim: 'line-parses', reason: 'invalid_remote_ip', ...first },
        { claim: 'line-parses', reason: 'truncated_before_time', ...second },
      ]);
    }
    const { status, stdout } = await sandbox.run(['validate', 'all', logs.source]);
    expect(status).toBe(6);
    expect(stdout).toContain(`${first.file}:${first.offset}: lines invalid_remote_ip\n`);
    expect(stdout).toMatch(/3 findings in 300 lines of 30 log files/);
    expect(stdout).not.toContain('300.1.2.3');
  });

  it('ends with 0 when nothing is found, and with 3 when a file cannot be read', async () => {
    const sandbox = new Sandbox();
    const logs = new SoundLogs(1);
    logs.write();
    const sound = await sandbox.run(['validate', 'lines', logs.source]);
    expect(sound.status).toBe(0);
    expect(sound.stdout).toMatch(/^Nothing found in 20 lines of 1 log file /);
    sandbox.write('damaged.gz', Buffer.from('1f8b08000000', 'hex'));
    const damaged = await sandbox.run(['validate', 'lines', join(sandbox.root, 'logs')]);
    expect(damaged.status).toBe(3);
    expect(damaged.stderr).toContain('damaged.gz: damaged gzip data');
    const told = await sandbox.run(['validate', 'lines', join(sandbox.root, 'logs'), '--json']);
    expect(told.json.unreadable).toEqual([
      { file: expect.stringMatching(/damaged[.]gz$/), reason: expect.stringContaining('gzip') },
    ]);
    // What was found matters more than what could not be read; both are told.
    sandbox.write('cut', 'no record of a log\n');
    const both = await sandbox.run(['validate', 'lines', join(sandbox.root, 'logs'), '--json']);
    expect([both.status, both.json.files.failed, both.json.unreadable.length]).toEqual([6, 1, 1]);
    expect(both.stderr).toContain('damaged.gz: damaged gzip data');
    rmSync(join(sandbox.root, 'logs', 'cut'));
  });
});

import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { currentProcess, parseProcessStat, processStatus } from '../../cache/process-identity.js';

const onLinux = it.runIf(process.platform === 'linux');
const rest = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21';

describe('parseProcessStat', () => {
  it('reads state and start, whatever the command is called', () => {
    const expected = { state: 'S', startedAt: '4711' };
    expect(parseProcessStat(`7 (node) S ${rest}`)).toEqual(expected);
    expect(parseProcessStat(`7 (a) Z 1 (b) c) S ${rest}\n`)).toEqual(expected);
    expect(parseProcessStat(`7 (line\nfeed) S ${rest}`)).toEqual(expected);
  });

  it.each(['', '7 (node) S', '7 (node', `7 (node) ? ${rest}`])('refuses %j', (text) => {
    expect(parseProcessStat(text)).toBeUndefined();
  });
});

describe('processStatus', () => {
  it('finds this process alive', () => {
    const expected = process.platform === 'linux' ? 'alive' : 'unknown';
    expect(processStatus(currentProcess())).toBe(expected);
  });

  onLinux('is not misled by a reused pid', () => {
    expect(processStatus({ ...currentProcess(), startedAt: '1' })).toBe('dead');
  });

  it('finds a process dead whose pid is not in use', () => {
    expect(processStatus({ ...currentProcess(), pid: 2 ** 22 + 1 })).toBe('dead');
  });

  it('cannot tell of another host, boot or pid namespace', () => {
    const here = currentProcess();
    expect(processStatus({ ...here, host: 'elsewhere' })).toBe('unknown');
    expect(processStatus({ ...here, boot: 'another' })).toBe('unknown');
    expect(processStatus({ ...here, startedAt: null })).toBe('unknown');
  });

  onLinux('takes a process of another user for alive', () => {
    // As root nothing is refused, and process 1 is alive all the same.
    const recorded = { ...currentProcess(), pid: 1 };
    expect(processStatus({ ...recorded, startedAt: null })).toBe('unknown');
    expect(processStatus({ ...recorded, startedAt: '1' })).toBe('dead');
  });

  onLinux('takes a zombie for dead', async () => {
    // The shell's child ends at once and is not reaped: the shell has become `sleep`.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const pid = await new Promise<number>((done) => {
        parent.stdout.once('data', (data) => done(Number(data)));
      });
      const recorded = await untilZombie(pid);
      expect(processStatus({ ...currentProcess(), pid, startedAt: recorded })).toBe('dead');
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

/** @returns when the process started */
async function untilZombie(pid: number): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  for (;;) {
    const stat = parseProcessStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
    if (stat?.state === 'Z') return stat.startedAt;
    await new Promise((done) => setTimeout(done, 5));
  }
}

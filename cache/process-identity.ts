import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from './error.js';

/** Which process, so that neither a reused pid nor another machine's is mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Boot id and pid namespace; null where the system does not tell. */
  readonly boot: string | null;
  /** Start of the process in clock ticks since boot; null where the system does not tell. */
  readonly startedAt: string | null;
}

/** This process. Boot and start are known on Linux only. */
export function currentProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    host: hostname(),
    boot: bootAndNamespace(),
    startedAt: readProcessStat('self')?.startedAt ?? null,
  };
}

/**
 * Whether a process that was once recorded still runs. `unknown` when it cannot be seen from here:
 * it is on another host or in another pid namespace, or the system does not tell when a process
 * started.
 */
export function processStatus(recorded: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  const here = currentProcess();
  if (recorded.host !== here.host || recorded.boot !== here.boot) return 'unknown';
  // A Linux that hides /proc hides pid namespaces too: a pid says nothing then.
  if (here.boot === null && process.platform === 'linux') return 'unknown';
  if (!processExists(recorded.pid)) return 'dead';
  if (recorded.startedAt === null) return 'unknown';
  const stat = readProcessStat(recorded.pid);
  // Hidden from this user (hidepid), or gone just now.
  if (stat === undefined) return processExists(recorded.pid) ? 'alive' : 'dead';
  // A zombie has ended; a parent that never reaps it (a container's) must not keep its lock.
  if (stat.state === 'Z' || stat.state === 'X') return 'dead';
  return stat.startedAt === recorded.startedAt ? 'alive' : 'dead';
}

/**
 * State and start of a process from the text of `/proc/<pid>/stat` (proc(5): fields 3 and 22).
 * The second field is the command in brackets, which may hold spaces and brackets itself.
 *
 * @returns undefined when it is not such a text
 */
export function parseProcessStat(text: string): { state: string; startedAt: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startedAt = fields[19];
  if (!/^[A-Za-z]$/.test(state) || startedAt === undefined || !/^\d+$/.test(startedAt)) {
    return undefined;
  }
  return { state, startedAt };
}

function readProcessStat(pid: number | 'self'): ReturnType<typeof parseProcessStat> {
  if (process.platform !== 'linux') return undefined;
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and is another user's.
    return systemErrorCode(error) !== 'ESRCH';
  }
}

function bootAndNamespace(): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

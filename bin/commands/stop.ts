import { setTimeout as wait } from 'node:timers/promises';
import { S3LogExtractionError } from '../../cache/error.js';
import type { LockContent, LockPlace } from '../../cache/lock-file.js';
import type { CachePaths } from '../../cache/paths.js';
import type { StopPlace } from '../../cache/stop-request.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import type { Output } from '../output.js';

/** The run goes on: what it has in hand takes longer than `--timeout`. */
export class StopTimeoutError extends S3LogExtractionError {
  constructor(seconds: number, pid: number | undefined) {
    super(
      'STOP_TIMEOUT',
      `The run (pid ${pid ?? 'unknown'}) was asked to stop and has not ended within ${seconds} s.`,
      { hint: 'It will end when the files in hand are done; "s3logextraction status" tells.' },
    );
  }
}

/** Who writes cannot be told, so nobody can be asked to stop. */
export class UnknownRunError extends S3LogExtractionError {
  constructor(folder: string) {
    super('UNKNOWN_RUN', `Cannot tell who is at work: the lock file in ${folder} cannot be read.`, {
      hint: 'End that process itself (SIGTERM). If there is none, the lock stops counting 10 minutes after its file was last written.',
    });
  }
}

/** `--timeout` is no number of seconds. */
export class StopTimeoutOptionError extends S3LogExtractionError {
  constructor() {
    super('INVALID_TIMEOUT', '--timeout must be a number of seconds, 0 or more.', {}, 2);
  }
}

const POLL_MS = 100;

export const stopCommand = defineCommand({
  name: 'stop',
  describe: DESCRIPTIONS.stop,
  options: {
    timeout: { type: 'number', default: 60, describe: 'Seconds to wait for it to end' },
  },
  examples: [['$0 stop', 'Stop the running extraction, losing nothing']],
  async run({ timeout }, { cacheDirectory, output }) {
    if (!(timeout >= 0)) throw new StopTimeoutOptionError();
    const { cachePaths } = await import('../../cache/paths.js');
    const { requireOwnFolders } = await import('../../cache/own-file.js');
    const paths = cachePaths(cacheDirectory);
    requireOwnFolders(paths);
    const runs = await findRuns(paths);
    if (runs.length === 0) {
      output.print('Nothing is running on this cache.');
      output.json({ running: false, stopped: false });
      return EXIT_STATUS.done.status;
    }
    const known = runs.filter(({ owner }) => owner !== undefined);
    await stopAll(known, timeout, output);
    const unknown = runs.find(({ owner }) => owner === undefined);
    if (unknown !== undefined) throw new UnknownRunError(unknown.place.lock);
    output.print('Stopped. The next run goes on from there.');
    output.json({ running: true, stopped: true });
    return EXIT_STATUS.done.status;
  },
});

/** Somebody who holds a lock, of the cache, of a shard or of a spool that is watched for it. */
interface Run {
  readonly place: LockPlace & StopPlace;
  readonly owner: LockContent | undefined;
}

async function findRuns(paths: CachePaths): Promise<Run[]> {
  const { readLock } = await import('../../cache/lock.js');
  const { findWatchers } = await import('../../src/spool/find-watchers.js');
  // Watchers first: one that is asked to stop begins no further round.
  const runs: Run[] = findWatchers(paths).map(({ spool, owner }) => ({ place: spool, owner }));
  const { heldShards } = await import('../../cache/shards/shard-locks.js');
  for (const { state, owner, place } of heldShards(paths)) {
    if (state === 'working') runs.push({ place: { ...place, stop: paths.stop }, owner });
  }
  const lock = readLock(paths);
  return lock?.held ? [...runs, { place: paths, owner: lock.owner }] : runs;
}

async function stopAll(runs: readonly Run[], timeout: number, output: Output): Promise<void> {
  const { requestStop } = await import('../../cache/stop-request.js');
  const { readLock } = await import('../../cache/lock.js');
  for (const { place, owner } of runs) requestStop(place, owner?.token ?? '');
  const told = new Set<number>();
  for (const { owner } of runs) {
    if (owner === undefined || told.has(owner.pid)) continue;
    told.add(owner.pid);
    output.note(`Asked pid ${owner.pid} on ${owner.host} (${owner.command}) to stop; waiting.`);
  }
  const deadline = performance.now() + timeout * 1000;
  for (const { place, owner } of runs) {
    for (;;) {
      const now = readLock(place);
      if (now === undefined || !now.held || now.owner?.token !== owner?.token) break;
      if (performance.now() > deadline) throw new StopTimeoutError(timeout, owner?.pid);
      await wait(POLL_MS);
    }
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import { S3LogExtractionError } from '../../cache/error.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';

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
    const { readLock } = await import('../../cache/lock.js');
    const { cachePaths } = await import('../../cache/paths.js');
    const { requireOwnFolders } = await import('../../cache/own-file.js');
    const paths = cachePaths(cacheDirectory);
    requireOwnFolders(paths);
    const lock = readLock(paths);
    if (lock === undefined || !lock.held) {
      output.print('Nothing is running on this cache.');
      output.json({ running: false, stopped: false });
      return EXIT_STATUS.done.status;
    }
    const owner = lock.owner;
    if (owner === undefined) throw new StopTimeoutError(0, undefined);
    const { requestStop } = await import('../../cache/stop-request.js');
    requestStop(paths, owner.token);
    output.note(`Asked pid ${owner.pid} on ${owner.host} (${owner.command}) to stop; waiting.`);
    const deadline = performance.now() + timeout * 1000;
    for (;;) {
      const now = readLock(paths);
      if (now === undefined || !now.held || now.owner?.token !== owner.token) break;
      if (performance.now() > deadline) throw new StopTimeoutError(timeout, owner.pid);
      await wait(POLL_MS);
    }
    output.print('Stopped. The next run goes on from there.');
    output.json({ running: true, stopped: true });
    return EXIT_STATUS.done.status;
  },
});

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemErrorCode } from '../../cache/error.js';
import { isCompressed } from '../extract/is-compressed.js';
import type { LineCutter } from '../extract/line-cutter.js';
import { type FoundFile, readLogFile, UnreadableFileError } from '../extract/read-log-file.js';
import { type LogPath, pathBytes } from '../source/log-path.js';
import { modifiedTime } from '../source/modified-time.js';
import type { LogReader } from './log-source.js';
import { unattended } from './unattended.js';

/** Reads log files of folders. */
export const folderReader: LogReader = {
  async readAll(objects, _access, each) {
    for (const [index, object] of objects.entries()) {
      await each(index, { feed: (feeder, drain) => readWholeFile(object, feeder, drain) });
    }
  },
  close: () => undefined,
};

/**
 * Feed the content of a log file, plain or compressed, and wait after each piece until there is room for more.
 *
 * @returns bytes of content
 * @throws {UnreadableFileError}
 */
async function readWholeFile(
  file: FoundFile,
  feeder: LineCutter,
  drain: () => Promise<void>,
): Promise<number> {
  if (isCompressed(file)) {
    const { contentBytes } = await readLogFile(file, true, feeder, unattended(drain));
    return contentBytes;
  }
  const fd = openFile(file.path);
  try {
    requireUnchanged(fd, file);
    for (let position = 0; position < file.sizeBytes; ) {
      const room = feeder.room();
      const length = Math.min(room.length, file.sizeBytes - position);
      const count = attempt(() => readSync(fd, room, 0, length, position));
      if (count === 0) throw new UnreadableFileError('it became shorter while it was being read');
      position += count;
      feeder.took(count);
      await drain();
      // What was sent gets its turn.
      await nextTurn();
    }
    feeder.finish();
    requireUnchanged(fd, file);
    return file.sizeBytes;
  } finally {
    closeSync(fd);
  }
}

/** Open without waiting; a named pipe would. */
function openFile(path: LogPath): number {
  return attempt(() => openSync(pathBytes(path), constants.O_RDONLY | constants.O_NONBLOCK));
}

/** What the system refuses is told by its code. */
function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UnreadableFileError(systemErrorCode(error) ?? 'it cannot be read');
  }
}

function requireUnchanged(fd: number, file: FoundFile): void {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw new UnreadableFileError('it is no longer a regular file');
  if (stats.size !== file.sizeBytes || modifiedTime(stats) !== file.modifiedMs) {
    throw new UnreadableFileError('it changed while it was being read');
  }
}

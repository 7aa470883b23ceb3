import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { systemErrorCode } from '../../cache/error.js';

const NO_WAIT = (constants.O_NONBLOCK as number | undefined) ?? 0;

/** More than any pipe holds that nobody writes to any more. */
const MOST_AT_ONCE = 4 << 20;

/**
 * Open a file or a pipe, such as a shell makes of `<(command)`. A pipe that nobody writes to is empty: opened as a file it would be
 * waited for in a thread that nothing ends, not even the end of the program.
 *
 * @throws {NodeJS.ErrnoException}
 */
export function openStream(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | NO_WAIT);
  try {
    if (!fstatSync(fd).isFIFO()) return createReadStream('', { fd, highWaterMark: 1 << 20 });
    const { held, isOver } = readHeld(fd);
    if (!isOver) {
      const socket = new Socket({ fd, readable: true, writable: false });
      if (held.length > 0) socket.unshift(held);
      return socket;
    }
    closeSync(fd);
    return Readable.from([held]);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** What a pipe holds. That its last writer went before it was opened is told by reading alone: no event comes of it. */
function readHeld(fd: number): { readonly held: Buffer; readonly isOver: boolean } {
  const pieces: Buffer[] = [];
  for (let size = 0; size < MOST_AT_ONCE; ) {
    const piece = Buffer.alloc(64 << 10);
    let length: number;
    try {
      length = readSync(fd, piece);
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') break;
      throw error;
    }
    if (length === 0) return { held: Buffer.concat(pieces), isOver: true };
    pieces.push(piece.subarray(0, length));
    size += length;
  }
  return { held: Buffer.concat(pieces), isOver: false };
}

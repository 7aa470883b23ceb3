import { open } from 'node:fs/promises';
import { type LogPath, pathBytes } from '../source/log-path.js';

const PIECE_BYTES = 1 << 20;

/** Whether two files have the same bytes, all of them compared. */
export async function haveEqualContent(one: LogPath, other: LogPath): Promise<boolean> {
  const a = await open(pathBytes(one), 'r');
  try {
    const b = await open(pathBytes(other), 'r');
    try {
      const { size } = await a.stat();
      if (size !== (await b.stat()).size) return false;
      const pieces = [0, 1].map(() => Buffer.allocUnsafe(Math.min(PIECE_BYTES, size)));
      for (let position = 0; position < size; ) {
        const [left, right] = [
          await a.read(pieces[0], 0, pieces[0].length, position),
          await b.read(pieces[1], 0, pieces[1].length, position),
        ];
        const length = Math.min(left.bytesRead, right.bytesRead);
        if (length === 0) return false;
        if (pieces[0].compare(pieces[1], 0, length, 0, length) !== 0) return false;
        position += length;
      }
      return true;
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

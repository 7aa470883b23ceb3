import { createReadStream, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openOwnFile } from '../../../cache/own-file.js';
import type { CollectedFile } from '../collect/collect-files.js';
import { FileWriter } from '../collect/file-writer.js';

const LF = 0x0a;
const QUOTE = 0x22;

/**
 * Cut a table in two at the end of a row, about in its middle; both have its header.
 *
 * @returns undefined: it has not got two rows
 * @throws {CacheWriteError}
 */
export async function splitTable(
  file: CollectedFile,
): Promise<readonly [CollectedFile, CollectedFile] | undefined> {
  const { header, cut } = await findCut(file);
  if (cut === undefined) return undefined;
  const stem = file.name.replace(/\.csv$/, '');
  // No key has a dash: behind it stand the number of a part, and a letter each time that it was cut.
  const mark = stem.includes('-') ? '' : '-';
  const names = ['a', 'b'].map((half) => `${stem}${mark}${half}.csv`);
  const writers = names.map((name) => new FileWriter(join(dirname(file.path), name)));
  writers[1].write(header);
  let at = 0;
  for await (const piece of bytesOf(file)) {
    const first = Math.min(piece.length, Math.max(0, cut - at));
    writers[0].writeBytes(piece.subarray(0, first));
    writers[1].writeBytes(piece.subarray(first));
    at += piece.length;
  }
  const halves = writers.map((writer, i) => {
    const sha256 = writer.end();
    return { ...file, name: names[i], path: writer.path, sizeBytes: writer.sizeBytes, sha256 };
  });
  rmSync(file.path);
  return halves as unknown as readonly [CollectedFile, CollectedFile];
}

/** The header, and where the first row ends that ends in the second half and is not the last. */
async function findCut({ path, sizeBytes, ...file }: CollectedFile) {
  let header = '';
  let headerEnd = 0;
  let isQuoted = false;
  let at = 0;
  let last: number | undefined;
  for await (const piece of bytesOf({ ...file, path, sizeBytes } as CollectedFile)) {
    for (let i = 0; i < piece.length; i++) {
      if (piece[i] === QUOTE) isQuoted = !isQuoted;
      if (piece[i] !== LF || isQuoted) continue;
      const end = at + i + 1;
      if (headerEnd === 0) {
        header += piece.toString('utf8', 0, i + 1);
        headerEnd = end;
      } else if (end < sizeBytes) {
        last = end;
        if (end >= sizeBytes / 2) return { header, cut: end };
      }
    }
    if (headerEnd === 0) header += piece.toString('utf8');
    at += piece.length;
  }
  return { header, cut: last };
}

function bytesOf({ path }: CollectedFile): AsyncIterable<Buffer> {
  return createReadStream(path, { fd: openOwnFile(path), highWaterMark: 1 << 18 });
}

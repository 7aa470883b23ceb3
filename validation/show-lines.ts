import { statSync } from 'node:fs';
import { systemErrorCode } from '../cache/error.js';
import { LF } from '../src/extract/bytes.js';
import { isCompressed } from '../src/extract/is-compressed.js';
import { LineCutter } from '../src/extract/line-cutter.js';
import {
  type FoundFile,
  readLogFile,
  readLogFilePart,
  UnreadableFileError,
} from '../src/extract/read-log-file.js';
import type { ObjectReader } from '../src/extract/read-object.js';
import { CHUNK_BYTES, LONGEST_LINE } from '../src/extract/record-batch.js';
import { maskLine } from '../src/mask/mask-line.js';
import type { BucketAccess } from '../src/source/bucket/access.js';
import { ENCODING } from '../src/source/encoding.js';
import { type LogPath, pathBytes } from '../src/source/log-path.js';
import { modifiedTime } from '../src/source/modified-time.js';
import type { KeptFinding } from './kept-findings.js';
import type { LogSource } from './log-source.js';

/**
 * The lines of findings, masked. Lines are kept nowhere: they are read again, file by file.
 *
 * @param findings in their order
 * @returns nothing of files that cannot be read any more
 */
export async function linesOf(
  findings: readonly KeptFinding[],
  source: LogSource,
): Promise<ReadonlyMap<KeptFinding, string>> {
  const objects = await objectsOf(findings, source);
  const lines = new Map<KeptFinding, string>();
  for (let from = 0; from < findings.length; ) {
    const { path } = findings[from];
    let to = from;
    while (findings[to]?.path === path) to++;
    const own = findings.slice(from, to);
    const found = await linesAt(
      path as LogPath,
      own.map(({ offset }) => offset),
      objects,
    );
    for (const finding of own) {
      const line = found.get(finding.offset);
      if (line !== undefined) lines.set(finding, line);
    }
    from = to;
  }
  objects?.reader.close();
  return lines;
}

/** What reads objects of a bucket, as they were listed. */
interface Objects {
  readonly reader: ObjectReader;
  readonly access: BucketAccess;
  /** By path. */
  readonly listed: ReadonlyMap<string, FoundFile>;
}

/** @returns undefined when findings are in files */
async function objectsOf(
  findings: readonly KeptFinding[],
  source: LogSource,
): Promise<Objects | undefined> {
  if (source.access === undefined || findings.length === 0) return undefined;
  const { ObjectReader: Reader } = await import('../src/extract/read-object.js');
  const wanted = new Set(findings.map(({ path }) => path));
  const listed = new Map<string, FoundFile>();
  for await (const entries of source.list()) {
    for (const entry of entries) {
      if (entry.kind === 'file' && wanted.has(entry.path)) listed.set(entry.path, entry);
    }
  }
  return { reader: new Reader(), access: await source.access(), listed };
}

/** The lines that begin at some places of a log file, by their offset. */
async function linesAt(
  path: LogPath,
  offsets: readonly number[],
  objects: Objects | undefined,
): Promise<ReadonlyMap<number, string>> {
  const reader = new LineReader(new Set(offsets));
  try {
    if (objects !== undefined) {
      const object = objects.listed.get(path);
      if (object !== undefined) await readObjectLines(object, new Set(offsets), objects, reader);
      return reader.found;
    }
    const stats = statSync(pathBytes(path));
    const file = { path, sizeBytes: stats.size, modifiedMs: modifiedTime(stats) };
    if (isCompressed(file)) {
      reader.begin(0, Number.POSITIVE_INFINITY);
      await readLogFile(file, true, reader, () => reader.requireMore());
    } else {
      for (const offset of new Set(offsets)) {
        const from = reader.begin(offset, offset + 1);
        await readLogFilePart(file, from, reader, () => {});
      }
    }
  } catch (error) {
    const isExpected =
      error instanceof EnoughError ||
      error instanceof UnreadableFileError ||
      systemErrorCode(error) !== undefined;
    if (!isExpected) throw error;
  }
  return reader.found;
}

async function readObjectLines(
  object: FoundFile,
  offsets: ReadonlySet<number>,
  { reader: objects, access }: Objects,
  lines: LineReader,
): Promise<void> {
  if ((await objects.encodingOf(object, access)) !== ENCODING.plain) {
    lines.begin(0, Number.POSITIVE_INFINITY);
    await objects.readWhole(object, access, lines, () => lines.requireMore());
    return;
  }
  for (const offset of offsets) {
    const from = lines.begin(offset, offset + 1);
    await objects.readPart(object, from, offset + 1, access, lines, () => {});
  }
}

/** All that was wanted is there. */
class EnoughError extends Error {}

class LineReader extends LineCutter {
  readonly found = new Map<number, string>();

  constructor(private readonly wanted: ReadonlySet<number>) {
    super(Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_LINE + 1));
  }

  begin(start: number, end: number): number {
    return this.beginAt(start, end);
  }

  /** @throws when all lines are there */
  requireMore(): void {
    if (this.found.size === this.wanted.size) throw new EnoughError();
  }

  protected takeLines(end: number, isLast: boolean, fileOffset: number, limit: number): number {
    const { buffer } = this;
    buffer[end] = LF;
    let at = 0;
    while (at < end && at < limit) {
      const feed = buffer.indexOf(LF, at);
      if (feed === end && !isLast) break;
      if (this.wanted.has(fileOffset + at)) {
        this.found.set(fileOffset + at, maskLine(buffer.subarray(at, feed)));
      }
      at = feed + 1;
    }
    return Math.min(at, end);
  }

  protected takeLongLine(fileOffset: number): void {
    if (this.wanted.has(fileOffset)) {
      this.found.set(fileOffset, maskLine(this.buffer.subarray(0, LONGEST_LINE)));
    }
  }
}

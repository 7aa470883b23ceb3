import { appendFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFeeder } from '../../src/extract/line-feeder.js';
import {
  LargeContentError,
  type ReadFile,
  readLogFile,
  readLogFilePart,
  readSmallFile,
  UnreadableFileError,
} from '../../src/extract/read-log-file.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount, type FileAccount } from '../../src/extract/scan-lines.js';
import { ENCODING } from '../../src/source/encoding.js';
import { logPath } from '../../src/source/log-path.js';
import { scratchDirectory } from '../support/scratch.js';
import { compressedBlocks, zstdFrame } from '../support/zstd-frames.js';
import { lineBytes, validLines } from './line-arbitraries.js';

const batch = new RecordBatch({ rows: 1 << 20, keyBytes: 1 << 26 });
const feeder = new LineFeeder(batch);

interface Read extends ReadFile {
  readonly account: FileAccount;
  readonly storedBytes: number;
  readonly pieces: number;
}

async function read(content: Uint8Array, mayBeLarge = false): Promise<Read> {
  const path = join(scratchDirectory(), 'log');
  writeFileSync(path, content);
  return readPath(path, mayBeLarge);
}

async function readPath(path: string, mayBeLarge = false, change?: () => void): Promise<Read> {
  const { size, mtimeMs } = statSync(path);
  const file = { path: logPath(path), sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
  change?.();
  const account = emptyAccount();
  batch.clear();
  feeder.begin('log', account);
  let storedBytes = 0;
  let pieces = 0;
  const onProgress = (bytes: number): void => {
    storedBytes += bytes;
    pieces++;
    batch.clear();
  };
  // As a worker does: in one go when it is small and plain.
  const small = mayBeLarge ? undefined : readSmallFile(file, feeder, onProgress);
  const found = small ?? (await readLogFile(file, mayBeLarge, feeder, onProgress));
  return { ...found, account, storedBytes, pieces };
}

const lines = fc.sample(validLines, { seed: 11, numRuns: 40 }).map(lineBytes);
const plain = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
const counts = {
  lines: 40,
  rejected: 0,
};
const gzip = gzipSync(plain);
const zstd = zstdFrame(plain, compressedBlocks(plain), { checksum: true });
/** Too large to be decompressed in one piece: 2 MB stored. */
const random = Buffer.from(
  fc
    .sample(fc.uint8Array({ minLength: 4096, maxLength: 4096 }), { seed: 1, numRuns: 512 })
    .flatMap((bytes) => [...bytes]),
);
const noise = gzipSync(random);

describe('a log file', () => {
  it.each([
    ['plain', plain, ENCODING.plain],
    ['gzip', gzip, ENCODING.gzip],
    ['zstd', zstd, ENCODING.zstd],
  ])('stored as %s is told by its content, and read to its end', async (_, content, encoding) => {
    for (const mayBeLarge of [false, true]) {
      const found = await read(content, mayBeLarge);
      expect(found).toMatchObject({ encoding, contentBytes: plain.length, account: counts });
      expect(found.storedBytes).toBe(content.length);
      expect(found.account.kept + found.account.skipped).toBe(40);
    }
  });

  it('that is empty has no line', async () => {
    const found = await read(Buffer.alloc(0));
    expect(found).toMatchObject({ encoding: ENCODING.plain, contentBytes: 0, check: 0 });
    expect(found.account.lines).toBe(0);
    expect((await read(gzipSync(''))).account.lines).toBe(0);
  });

  it('that is no log has its lines rejected', async () => {
    for (const content of [random, Buffer.alloc(100_000), Buffer.from([0x1f, 0x20, 0x0a])]) {
      const { account } = await read(content, true);
      expect(account.rejected).toBe(account.lines);
      expect(account.lines).toBeGreaterThan(0);
    }
  });

  it('that is not there, or is no file any more, is unreadable', async () => {
    const folder = scratchDirectory();
    const file = { path: logPath(join(folder, 'none')), sizeBytes: 1, modifiedMs: 0 };
    const attempt = readLogFile(file, false, feeder, () => {});
    await expect(attempt).rejects.toThrow(new UnreadableFileError('ENOENT'));
    const directory = { ...file, path: logPath(folder) };
    await expect(readLogFile(directory, false, feeder, () => {})).rejects.toThrow(/regular file/);
    expect(() => readSmallFile(file, feeder, () => {})).toThrow(new UnreadableFileError('ENOENT'));
    expect(() => readSmallFile(directory, feeder, () => {})).toThrow(/regular file/);
  });

  it('that changes between planning and reading is unreadable, not half read', async () => {
    const changes: ((path: string) => void)[] = [
      (path) => appendFileSync(path, 'more\n'),
      (path) => utimesSync(path, 1, 1),
      (path) => writeFileSync(path, ''),
    ];
    for (const content of [plain, gzip, zstd]) {
      for (const change of changes) {
        const path = join(scratchDirectory(), 'log');
        writeFileSync(path, content);
        const attempt = readPath(path, true, () => change(path));
        await expect(attempt).rejects.toThrow(UnreadableFileError);
      }
    }
  });

  it('read in parts is told of once', async () => {
    const path = join(scratchDirectory(), 'log');
    writeFileSync(path, plain);
    const { size, mtimeMs } = statSync(path);
    const file = { path: logPath(path), sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
    const account = emptyAccount();
    const found: ReadFile[] = [];
    const cuts = [0, 2, 700, 701, size - 1];
    for (const [i, start] of cuts.entries()) {
      const from = feeder.begin('log', account, start, cuts[i + 1]);
      found.push(await readLogFilePart(file, from, feeder, () => {}));
    }
    expect(account).toMatchObject(counts);
    const whole = await readPath(path);
    const sum = (value: (part: ReadFile) => number): number =>
      found.reduce((total, part) => total + value(part), 0);
    expect(sum((part) => part.check)).toBe(whole.check);
    expect(sum((part) => part.contentBytes)).toBe(plain.length);
    expect(account.kept).toBe(whole.account.kept);
  });
});

describe('a gzip file', () => {
  it('of several members is read to its end, padding of zero bytes included', async () => {
    const empty = gzipSync('');
    for (const mayBeLarge of [false, true]) {
      const found = await read(Buffer.concat([gzip, empty, gzip, Buffer.alloc(600)]), mayBeLarge);
      expect(found).toMatchObject({ contentBytes: 2 * plain.length, account: { lines: 80 } });
    }
  });

  it('with a member after zero bytes is unreadable; its lines were once lost in silence', async () => {
    for (const zeros of [1, 512, 100_000]) {
      const content = Buffer.concat([gzip, Buffer.alloc(zeros), gzip]);
      for (const large of [content, Buffer.concat([noise, content])]) {
        await expect(read(large, true)).rejects.toThrow(UnreadableFileError);
      }
    }
  });

  it('that is cut anywhere is unreadable', async () => {
    const small = gzipSync(lines[0]);
    const two = Buffer.concat([small, small]);
    for (let end = 3; end < two.length; end++) {
      if (end === small.length) continue;
      await expect(read(two.subarray(0, end))).rejects.toThrow(UnreadableFileError);
    }
    for (const end of [100, noise.length >> 1, noise.length - 9, noise.length - 1]) {
      await expect(read(noise.subarray(0, end), true)).rejects.toThrow(UnreadableFileError);
    }
  });

  it('with a damaged byte is unreadable or gives the same', async () => {
    const small = gzipSync(lines[0]);
    let harmless = 0;
    for (let at = 3; at < small.length; at++) {
      const damaged = Buffer.from(small);
      damaged[at] ^= 0x10;
      // Some bits mean nothing for the content: the time in the header, the padding of the last byte.
      const attempt = read(damaged).then(({ contentBytes, account }) => {
        harmless++;
        expect([contentBytes, account.lines]).toEqual([lines[0].length, 1]);
      });
      await attempt.catch((error: unknown) => expect(error).toBeInstanceOf(UnreadableFileError));
    }
    expect(harmless).toBeLessThan(9);
  });

  it('with garbage after it is unreadable', async () => {
    for (const rest of ['x', '\n', 'garbage at the end', '\x1f', '\x1f\x8b']) {
      for (const first of [gzip, noise]) {
        const content = Buffer.concat([first, Buffer.from(rest, 'latin1')]);
        await expect(read(content, true)).rejects.toThrow(UnreadableFileError);
      }
    }
  });

  it('that unpacks to a thousand times its size is read in small pieces, or handed on as large', async () => {
    const line = Buffer.concat([lines[0], Buffer.from('\n')]);
    const size = 40 << 20;
    const bomb = gzipSync(Buffer.alloc(size, line), { level: 9 });
    expect(bomb.length).toBeLessThan(size / 100);
    await expect(read(bomb, false)).rejects.toThrow(LargeContentError);
    const found = await read(bomb, true);
    expect(found).toMatchObject({ contentBytes: size, storedBytes: bomb.length });
    expect(found.account.lines).toBe(Math.ceil(size / line.length));
    expect(found.pieces).toBeGreaterThan(100);
  });
});

describe('a zstd file', () => {
  it('of several frames is read to its end', async () => {
    const found = await read(Buffer.concat([zstd, zstd]));
    expect(found).toMatchObject({ contentBytes: 2 * plain.length, account: { lines: 80 } });
  });

  it('that is cut or damaged is unreadable, and the reason says nothing of its content', async () => {
    const damaged = Buffer.from(zstd);
    damaged[zstd.length - 1] ^= 1;
    for (const content of [damaged, zstd.subarray(0, 300), Buffer.concat([zstd, gzip])]) {
      const error = await read(content).catch((reason: unknown) => reason as Error);
      expect(error).toBeInstanceOf(UnreadableFileError);
      expect((error as Error).message).toMatch(/^damaged zstd data \([\w ]+\)$/);
    }
  });

  it('that unpacks to a thousand times its size is handed on as large', async () => {
    const content = Buffer.alloc(33 << 20, lines[0]);
    const bomb = zstdFrame(content, compressedBlocks(content));
    await expect(read(bomb, false)).rejects.toThrow(LargeContentError);
    expect((await read(bomb, true)).contentBytes).toBe(content.length);
  });
});

it('a small plain file is read in one go, and to the same', async () => {
  for (const content of [plain, plain.subarray(0, -1), Buffer.alloc(0), plain.subarray(7, 3_000)]) {
    const both = [await read(content), await read(content, true)];
    const [{ account, encoding, check, contentBytes }, other] = both;
    expect(account).toEqual(other.account);
    const found = [encoding, check, contentBytes];
    expect(found).toEqual([other.encoding, other.check, other.contentBytes]);
  }
});

it('what goes wrong with the content is not taken for damaged data', async () => {
  const path = join(scratchDirectory(), 'log');
  writeFileSync(path, zstd);
  const { size, mtimeMs } = statSync(path);
  const file = { path: logPath(path), sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
  batch.clear();
  feeder.begin('log', emptyAccount());
  const attempt = readLogFile(file, true, feeder, () => {
    throw new TypeError('no room');
  });
  await expect(attempt).rejects.toThrow(new TypeError('no room'));
});

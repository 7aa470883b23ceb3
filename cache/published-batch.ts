import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fdatasyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, relative } from 'node:path';
import { CacheWriteError, PUBLISHED, TEMPORARY_SUFFIX } from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { openOwnFile, readOwnFile, renameToOwn, WRITE_OWN } from './own-file.js';
import { checkOf, PiecewiseCheck } from './published-checks.js';
import { PublishedFolderError } from './published-folder.js';

/** Large files are compared in pieces of this size. */
const PIECE_BYTES = 1 << 20;

/**
 * Files that are to be published together (FORMAT.md section 10): written beside those that they
 * replace, made durable, and then given their names. So whatever stands under a name is whole, also
 * after a power failure. Names are not made durable: an older whole file may be back then.
 */
export class PublishedBatch {
  #written: { readonly path: string; readonly temporary: string }[] = [];
  #checks: (readonly [path: string, check: string])[] = [];
  /** Names of temporary files: these, and a number. */
  readonly #token = randomBytes(3).toString('hex');
  #count = 0;
  /** The folder that was found to be one, last. */
  #folder = '';
  /** Bytes of the files that wait for their names. */
  bytes = 0;

  /** How many files wait for their names. */
  get files(): number {
    return this.#written.length;
  }

  /**
   * Write a file, unless the one there has the same bytes.
   *
   * @param pieces its bytes; what comes in one piece is compared before anything is written
   * @returns whether it differs
   * @throws {CacheWriteError} @throws {PublishedFolderError}
   */
  prepare(path: string, pieces: Iterable<Uint8Array>): boolean {
    const iterator = pieces[Symbol.iterator]();
    const first = iterator.next();
    const head: Uint8Array = first.done === true ? new Uint8Array(0) : first.value;
    const second = first.done === true ? first : iterator.next();
    const isWhole = second.done === true;
    const size = this.#sizeOfFile(path);
    const check = isWhole ? undefined : new PiecewiseCheck();
    if (isWhole) this.#checks.push([path, checkOf(head)]);
    if (isWhole && size === head.length && readOwnFile(path).equals(head)) return false;
    const temporary = this.#temporaryName(path);
    try {
      if (size === undefined && dirname(path) !== this.#folder) makeFolder(dirname(path));
      const fd = openSync(temporary, 'wx', PUBLISHED.file);
      let bytes = 0;
      try {
        if (isMasked(PUBLISHED.file)) fchmodSync(fd, PUBLISHED.file);
        check?.add(head);
        bytes += writeFully(fd, head);
        for (let next = second; next.done !== true; next = iterator.next()) {
          check?.add(next.value);
          bytes += writeFully(fd, next.value);
        }
      } finally {
        closeSync(fd);
      }
      if (check !== undefined) this.#checks.push([path, check.value()]);
      if (!isWhole && size === bytes && haveSameBytes(temporary, path)) {
        unlinkSync(temporary);
        return false;
      }
      this.#written.push({ path, temporary });
      this.bytes += bytes;
      return true;
    } catch (error) {
      remove(temporary);
      throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
    }
  }

  /**
   * The checks of all files prepared since the last time, changed or not, under their names below a folder:
   * to be noted before these are replaced.
   */
  takeChecks(folder: string): (readonly [name: string, check: string])[] {
    const checks = this.#checks.map(([path, check]) => [relative(folder, path), check] as const);
    this.#checks = [];
    return checks;
  }

  /** Make the bytes of each file durable by itself: for few. @throws {CacheWriteError} */
  sync(): void {
    for (const { path, temporary } of this.#written) {
      attempt(path, () => {
        const fd = openOwnFile(temporary, WRITE_OWN);
        try {
          fdatasyncSync(fd);
        } finally {
          closeSync(fd);
        }
      });
    }
  }

  /** Replace the files there. Their bytes must be durable. @throws {CacheWriteError} */
  rename(): void {
    for (const { path, temporary } of this.#written) {
      attempt(path, () => renameToOwn(temporary, path));
    }
    this.#forget();
  }

  /** Remove what was prepared and has no name yet. */
  discard(): void {
    for (const { temporary } of this.#written) remove(temporary);
    this.#forget();
  }

  /** 12 hexadecimal digits, as of all temporary files; a name in use ends in an error, and is tried by nobody else. */
  #temporaryName(path: string): string {
    const number = (this.#count++ % 2 ** 24).toString(16).padStart(6, '0');
    return `${path}.${this.#token}${number}${TEMPORARY_SUFFIX}`;
  }

  /** Undefined when there is none, and for anything but a regular file below a real folder. */
  #sizeOfFile(path: string): number | undefined {
    const folder = dirname(path);
    try {
      if (folder !== this.#folder) {
        if (!lstatSync(folder).isDirectory()) throw new PublishedFolderError(folder);
        this.#folder = folder;
      }
      const found = lstatSync(path);
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #forget(): void {
    this.#written = [];
    this.bytes = 0;
  }
}

/** From here on one sync of the file system is cheaper than one of each file. */
const MANY_FILES = 200;

/**
 * Make all that was written to the file system of a folder durable at once, where that can be done
 * and pays: `sync -f` is syncfs(2), which ends once it is on disk, and fails when that failed. A file
 * by itself waits for a commit of the journal: 1 ms, of which more threads take three quarters at best.
 *
 * @param files how many are to be durable
 * @returns whether it was done
 */
export function syncFileSystem(folder: string, files: number): boolean {
  if (files < MANY_FILES || process.platform !== 'linux') return false;
  return (
    spawnSync('sync', ['-f', folder], { stdio: 'ignore', env: { PATH: process.env.PATH } })
      .status === 0
  );
}

function attempt(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  }
}

function remove(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch {
    // Not made, renamed already, or left for the next writer to remove (FORMAT.md W3).
  }
}

function makeFolder(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return;
  if (stats !== undefined) throw new PublishedFolderError(path);
  mkdirSync(path, { mode: PUBLISHED.directory });
  // Whatever the umask.
  chmodSync(path, PUBLISHED.directory);
}

function writeFully(fd: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  return bytes.length;
}

/** Whether the umask takes bits away that a file is to have. */
function isMasked(mode: number): boolean {
  return (mode & process.umask()) !== 0;
}

function haveSameBytes(one: string, other: string): boolean {
  const fds = [openOwnFile(one), openOwnFile(other)] as const;
  try {
    const pieces = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)] as const;
    for (;;) {
      const [read, readOther] = fds.map((fd, i) => readFully(fd, pieces[i as 0 | 1]));
      if (read !== readOther) return false;
      if (read === 0) return true;
      if (!pieces[0].subarray(0, read).equals(pieces[1].subarray(0, read))) return false;
    }
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function readFully(fd: number, into: Buffer): number {
  let done = 0;
  for (;;) {
    const read = readSync(fd, into, done, into.length - done, null);
    done += read;
    if (read === 0 || done === into.length) return done;
  }
}

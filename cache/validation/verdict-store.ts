import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CacheWriteError, PRIVATE } from '../atomic-write.js';
import { GROW_OWN, growOwnFile, removeOwnFile } from '../own-file.js';
import { RecordTable } from './record-table.js';

/** A log file as it was when something was said of it. */
export interface JudgedFile {
  /** Absolute, one character a byte. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** What was said of it. */
export interface StoredVerdict {
  readonly lines: number;
  readonly contentBytes: number;
  /** Whatever the protocol has to say, as JSON; undefined: nothing. Holds neither lines nor addresses. */
  readonly text: string | undefined;
}

/** Bytes of a record of `.files` (FORMAT.md section 19), and where its parts are. */
const RECORD_BYTES = 64;
const AT = { name: 0, size: 16, modified: 24, lines: 32, content: 40, verdict: 48, check: 60 };

/** Stands for no verdict. */
const NOTHING = -1;

/** Bytes before a verdict: its length and CRC-32. */
const HEAD_BYTES = 8;

/** What waits is written when it is so many records, or so old. */
const MOST_WAITING = 1024;
const WAIT_MS = 2000;

/**
 * What one version of a protocol has said of files: two files that are only ever added to. Derived: whatever is wrong with them, the
 * log files are looked at again.
 */
export class VerdictStore {
  readonly #files: number;
  readonly #verdicts: number;
  readonly #table: RecordTable;
  #records = 0;
  #verdictBytes = 0;
  #waiting: Buffer[] = [];
  #waitingVerdicts: Buffer[] = [];
  #waitingVerdictBytes = 0;
  #writtenAt = performance.now();

  /**
   * Open it for writing; what other versions have said is removed.
   *
   * @param folder `validation/`, whose lock is held
   * @throws {CacheWriteError} @throws {DamagedCacheError}
   */
  constructor(
    private readonly folder: string,
    protocol: string,
    version: number,
  ) {
    const name = `${protocol}-v${version}`;
    for (const other of readdirSync(folder)) {
      const isOther = new RegExp(`^${protocol}-v\\d+\\.(?:files|verdicts)$`).test(other);
      if (isOther && !other.startsWith(`${name}.`)) removeOwnFile(join(folder, other));
    }
    this.#files = openGrowing(join(folder, `${name}.files`));
    this.#verdicts = openGrowing(join(folder, `${name}.verdicts`));
    this.#verdictBytes = fstatSync(this.#verdicts).size;
    this.#table = new RecordTable((number, hash) => this.#isOf(number, hash));
    this.#load();
  }

  /** @returns undefined when nothing is known of the file as it is now */
  find(file: JudgedFile): StoredVerdict | undefined {
    const hash = hashOf(file.path);
    const number = this.#table.find(hash);
    if (number === undefined) return undefined;
    const record = this.#record(number);
    const isSame =
      record.readDoubleLE(AT.size) === file.sizeBytes &&
      record.readDoubleLE(AT.modified) === file.modifiedMs;
    if (!isSame) return undefined;
    const at = record.readDoubleLE(AT.verdict);
    const text = at === NOTHING ? undefined : this.#verdict(at);
    // Lost in a power failure: it has to be looked at again.
    if (at !== NOTHING && text === undefined) return undefined;
    const lines = record.readDoubleLE(AT.lines);
    return { lines, contentBytes: record.readDoubleLE(AT.content), text };
  }

  /** What is said of a file from now on. @throws {CacheWriteError} */
  add(file: JudgedFile, { lines, contentBytes, text }: StoredVerdict): void {
    const record = Buffer.alloc(RECORD_BYTES);
    const hash = hashOf(file.path);
    record.set(hash, AT.name);
    record.writeDoubleLE(file.sizeBytes, AT.size);
    record.writeDoubleLE(file.modifiedMs, AT.modified);
    record.writeDoubleLE(lines, AT.lines);
    record.writeDoubleLE(contentBytes, AT.content);
    record.writeDoubleLE(text === undefined ? NOTHING : this.#addVerdict(text), AT.verdict);
    record.writeUInt32LE(crc32(record.subarray(0, AT.check)), AT.check);
    this.#waiting.push(record);
    this.#table.set(hash, this.#records++);
    const isDue = performance.now() - this.#writtenAt > WAIT_MS;
    if (isDue || this.#waiting.length >= MOST_WAITING) this.flush();
  }

  /** Make durable what was added. @throws {CacheWriteError} */
  flush(): void {
    this.#writtenAt = performance.now();
    if (this.#waiting.length === 0) return;
    try {
      // First what records refer to.
      writeAll(this.#verdicts, Buffer.concat(this.#waitingVerdicts));
      fdatasyncSync(this.#verdicts);
      writeAll(this.#files, Buffer.concat(this.#waiting));
      fdatasyncSync(this.#files);
    } catch (error) {
      throw new CacheWriteError(`the state of the validation in ${this.folder}`, error);
    }
    this.#waiting = [];
    this.#waitingVerdicts = [];
    this.#waitingVerdictBytes = 0;
  }

  /** Close it; what was not flushed is lost. */
  close(): void {
    closeSync(this.#files);
    closeSync(this.#verdicts);
  }

  /** Read all records; what is behind the last whole one, from a power failure, is cut off. */
  #load(): void {
    const { size } = fstatSync(this.#files);
    const chunk = Buffer.alloc(RECORD_BYTES * 4096);
    for (let at = 0; ; ) {
      const read = readSync(this.#files, chunk, 0, chunk.length, at);
      const whole = read - (read % RECORD_BYTES);
      for (let from = 0; from < whole; from += RECORD_BYTES) {
        const record = chunk.subarray(from, from + RECORD_BYTES);
        if (crc32(record.subarray(0, AT.check)) !== record.readUInt32LE(AT.check)) {
          ftruncateSync(this.#files, at + from);
          return;
        }
        this.#table.set(record.subarray(AT.name, AT.size), this.#records++);
      }
      at += whole;
      if (whole > 0) continue;
      if (at < size) ftruncateSync(this.#files, at);
      return;
    }
  }

  #isOf(number: number, hash: Uint8Array): boolean {
    return this.#record(number).subarray(AT.name, AT.size).equals(hash);
  }

  #record(number: number): Buffer {
    const written = this.#records - this.#waiting.length;
    if (number >= written) return this.#waiting[number - written];
    const record = Buffer.alloc(RECORD_BYTES);
    readSync(this.#files, record, 0, RECORD_BYTES, number * RECORD_BYTES);
    return record;
  }

  /** @returns where it stands */
  #addVerdict(text: string): number {
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(bytes.length, 0);
    head.writeUInt32LE(crc32(bytes), 4);
    const at = this.#verdictBytes;
    this.#waitingVerdicts.push(head, bytes);
    this.#verdictBytes += HEAD_BYTES + bytes.length;
    this.#waitingVerdictBytes += HEAD_BYTES + bytes.length;
    return at;
  }

  /** @returns undefined when it is not there as it was written */
  #verdict(at: number): string | undefined {
    if (at >= this.#verdictBytes - this.#waitingVerdictBytes) this.flush();
    const head = Buffer.alloc(HEAD_BYTES);
    if (readSync(this.#verdicts, head, 0, HEAD_BYTES, at) < HEAD_BYTES) return undefined;
    const length = head.readUInt32LE(0);
    if (at + HEAD_BYTES + length > this.#verdictBytes) return undefined;
    const bytes = Buffer.alloc(length);
    readSync(this.#verdicts, bytes, 0, length, at + HEAD_BYTES);
    return crc32(bytes) === head.readUInt32LE(4) ? bytes.toString() : undefined;
  }
}

/** Something else in its place, such as a pipe, is removed: what stands here is derived. @throws {DamagedCacheError} it is a link, or somebody's folder */
function openGrowing(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const isOurs = stats === undefined || stats.isFile() || stats.isSymbolicLink();
  if (!isOurs) removeOwnFile(path);
  return growOwnFile(path, GROW_OWN, PRIVATE.file);
}

function hashOf(path: string): Buffer {
  return createHash('sha256').update(path, 'latin1').digest().subarray(0, AT.size);
}

/** At the end of the file. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import xxhash from 'xxhash-wasm';
import { type CommitRecord, DamagedCacheError } from './commit-record.js';
import { KnownTable } from './known-table.js';
import type { CachePaths } from './paths.js';
import type { LedgerRow } from './segment-writer.js';

const { h64Raw } = await xxhash();

/** Commit ordinal of a file that this run has planned and not committed yet. */
export const PLANNED = 0xffffffff;

/** Of one that this run has planned and could not read. */
const FAILED = 0xfffffffe;

/** What tells whether a file found again is the one extracted. */
export type KnownFile = Pick<LedgerRow, 'sizeBytes' | 'encoding' | 'check' | 'contentBytes'>;

/**
 * The log files that the commits hold, as far as planning needs them. A name stands by its 64-bit hash,
 * size and modification time by a 32-bit stamp, and the commit by its ordinal, so that the few files that need
 * a closer look cost one ledger segment each.
 *
 * Files of earlier runs are in a compact table of a fixed size; those of this run in one that grows and can change.
 */
export class Ledger {
  private slots = 1 << 12;
  private used = 0;
  private hashLow = new Uint32Array(this.slots);
  private hashHigh = new Uint32Array(this.slots);
  private stamps = new Uint32Array(this.slots);
  /** Commit ordinal + 1; 0 for an empty slot. */
  private ordinals = new Uint32Array(this.slots);
  private readonly commits: CommitRecord[] = [];
  private lastRead:
    | { readonly ordinal: number; readonly files: Map<string, KnownFile> }
    | undefined;

  private readonly known: KnownTable;

  /** @param knownFiles in all commits that are to be loaded */
  constructor(
    private readonly paths: CachePaths,
    knownFiles = 0,
  ) {
    this.known = new KnownTable(knownFiles);
  }

  /** The folders that the commits were extracted from. */
  get sources(): ReadonlySet<string> {
    return new Set(this.commits.map((commit) => commit.source));
  }

  /**
   * Take up the files of a commit.
   *
   * @throws {DamagedCacheError}
   */
  async load(commit: CommitRecord): Promise<void> {
    const columns = ['name', 'size', 'modified'];
    const rows = await this.read(commit, columns);
    const ordinal = this.commits.push(commit) - 1;
    for (const row of rows) {
      const [name, size, modified] = [row.name as string, Number(row.size), Number(row.modified)];
      if (!this.known.add(hashName(name), stamp(size, modified), ordinal)) {
        this.set(name, size, modified, ordinal);
      }
    }
  }

  /** Take up a commit that was just made, without reading it. */
  add(commit: CommitRecord, files: readonly LedgerRow[]): void {
    const ordinal = this.commits.push(commit) - 1;
    for (const file of files) this.set(file.name, file.sizeBytes, file.modifiedMs, ordinal);
  }

  /** Note that this run reads a file, so that a second one of this name waits. */
  plan(name: string, sizeBytes: number, modifiedMs: number): void {
    this.set(name, sizeBytes, modifiedMs, PLANNED - 1);
  }

  /** Note that a file planned could not be read, so that a copy of it is new. */
  fail(name: string): void {
    const slot = this.slotOf(hashName(name));
    if (this.ordinals[slot] === PLANNED) this.ordinals[slot] = FAILED;
  }

  /**
   * @returns 'new'; 'same' when size and modification time are those of the known file; or else the
   *   ordinal of the commit to look in ({@link find}), {@link PLANNED} when it is still in hand
   */
  lookUp(name: string, sizeBytes: number, modifiedMs: number): 'new' | 'same' | number {
    const hash = hashName(name);
    const slot = this.slotOf(hash);
    const ordinal = this.ordinals[slot];
    if (ordinal === 0) {
      if (this.known.has(hash, stamp(sizeBytes, modifiedMs))) return 'same';
      return this.known.candidates(hash)[0] ?? 'new';
    }
    if (ordinal === FAILED) return 'new';
    // Also one with the same stamp waits: what is in hand may yet turn out unreadable.
    if (ordinal === PLANNED) return PLANNED;
    return this.stamps[slot] === stamp(sizeBytes, modifiedMs) ? 'same' : ordinal - 1;
  }

  /** The ledger's entry of a name in the commit that {@link lookUp} told, if it is there. */
  async find(ordinal: number, name: string): Promise<KnownFile | undefined> {
    const others = this.known.candidates(hashName(name)).filter((other) => other !== ordinal);
    for (const candidate of [ordinal, ...others]) {
      const file = await this.findIn(candidate, name);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  private async findIn(ordinal: number, name: string): Promise<KnownFile | undefined> {
    // Names come in order, so the next one asked for is likely in the same commit.
    if (this.lastRead?.ordinal !== ordinal) {
      const rows = await this.read(this.commits[ordinal], [
        'name',
        'size',
        'encoding',
        'check',
        'content_bytes',
      ]);
      const files = rows.map((row): [string, KnownFile] => [
        row.name as string,
        {
          sizeBytes: Number(row.size),
          encoding: Number(row.encoding),
          check: Number(row.check),
          contentBytes: Number(row.content_bytes),
        },
      ]);
      this.lastRead = { ordinal, files: new Map(files) };
    }
    return this.lastRead.files.get(name);
  }

  private async read(commit: CommitRecord, columns: string[]): Promise<Record<string, unknown>[]> {
    const path = join(this.paths.segments, commit.files.file);
    try {
      const bytes = readFileSync(path);
      if (bytes.length !== commit.files.bytes)
        throw new Error('its size is not that of the commit');
      const rows = await parquetReadObjects({
        file: new Uint8Array(bytes).buffer,
        columns,
        compressors: { GZIP: (input) => new Uint8Array(gunzipSync(input)) },
      });
      if (rows.length !== commit.files.rows)
        throw new Error('its rows are not those of the commit');
      return rows;
    } catch (error) {
      throw new DamagedCacheError(path, (error as Error).message, error);
    }
  }

  private set(name: string, sizeBytes: number, modifiedMs: number, ordinal: number): void {
    if (this.used * 4 >= this.slots * 3) this.grow();
    const hash = hashName(name);
    const slot = this.slotOf(hash);
    if (this.ordinals[slot] === 0) this.used++;
    this.hashLow[slot] = Number(hash & 0xffffffffn);
    this.hashHigh[slot] = Number(hash >> 32n);
    this.stamps[slot] = stamp(sizeBytes, modifiedMs);
    this.ordinals[slot] = ordinal + 1;
  }

  /** The slot that holds the hash, or the empty one where it belongs. */
  private slotOf(hash: bigint): number {
    const low = Number(hash & 0xffffffffn);
    const high = Number(hash >> 32n);
    let slot = low & (this.slots - 1);
    while (
      this.ordinals[slot] !== 0 &&
      (this.hashLow[slot] !== low || this.hashHigh[slot] !== high)
    ) {
      slot = (slot + 1) & (this.slots - 1);
    }
    return slot;
  }

  private grow(): void {
    const old = {
      low: this.hashLow,
      high: this.hashHigh,
      stamps: this.stamps,
      ordinals: this.ordinals,
    };
    this.slots *= 2;
    this.hashLow = new Uint32Array(this.slots);
    this.hashHigh = new Uint32Array(this.slots);
    this.stamps = new Uint32Array(this.slots);
    this.ordinals = new Uint32Array(this.slots);
    for (let from = 0; from < old.ordinals.length; from++) {
      if (old.ordinals[from] === 0) continue;
      let slot = old.low[from] & (this.slots - 1);
      while (this.ordinals[slot] !== 0) slot = (slot + 1) & (this.slots - 1);
      this.hashLow[slot] = old.low[from];
      this.hashHigh[slot] = old.high[from];
      this.stamps[slot] = old.stamps[from];
      this.ordinals[slot] = old.ordinals[from];
    }
  }
}

function hashName(name: string): bigint {
  return h64Raw(Buffer.from(name, 'utf8'));
}

function stamp(sizeBytes: number, modifiedMs: number): number {
  let mixed = Math.imul(sizeBytes >>> 0, 0x9e3779b1) ^ Math.floor(sizeBytes / 4_294_967_296);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed ^= Math.imul(modifiedMs >>> 0, 0xc2b2ae35) ^ Math.floor(modifiedMs / 4_294_967_296);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

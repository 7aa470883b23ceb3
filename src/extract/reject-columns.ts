/** Rejected lines as columns; each is told by its log file and offset, never by what stands in it. */
export class RejectColumns {
  /** Names of log files that have rejected lines. */
  readonly names: string[] = [];
  rows = 0;
  nameIds = new Uint32Array(64);
  /** Of the line's first byte in the uncompressed log file. */
  offsets = new Float64Array(64);
  /** Codes (`REASONS`). */
  reasons = new Uint8Array(64);

  clear(): void {
    this.rows = 0;
    this.names.length = 0;
  }

  add(name: string, offset: number, reason: number): void {
    const row = this.rows;
    if (row === this.nameIds.length) this.grow();
    const { names } = this;
    if (names[names.length - 1] !== name) names.push(name);
    this.nameIds[row] = names.length - 1;
    this.offsets[row] = offset;
    this.reasons[row] = reason;
    this.rows = row + 1;
  }

  private grow(): void {
    const capacity = this.nameIds.length * 2;
    this.nameIds = grown(this.nameIds, new Uint32Array(capacity));
    this.offsets = grown(this.offsets, new Float64Array(capacity));
    this.reasons = grown(this.reasons, new Uint8Array(capacity));
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

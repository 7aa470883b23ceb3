/** At this share of full a table takes no more: looking up what is not there would get slow. */
const FULLEST = 0.85;

/**
 * Stamps and commit ordinals of known files by the hash of their names, in 12 bytes a slot and of a fixed
 * size, so that 50 million files take 0.7 GiB and none while it grows.
 *
 * The lower half of a hash says where an entry belongs, the upper half stands in it. Another name may so be taken for one that is
 * there (once in some 10^8 look-ups): what is found is a candidate, to be confirmed by stamp or by name.
 */
export class KnownTable {
  private readonly slots: number;
  private readonly hashHigh: Uint32Array;
  private readonly stamps: Uint32Array;
  /** Commit ordinal + 1; 0 for an empty slot. */
  private readonly ordinals: Uint32Array;
  private used = 0;

  /** @param files that it must hold */
  constructor(files: number) {
    this.slots = Math.ceil((files + 1) / (FULLEST - 0.01));
    this.hashHigh = new Uint32Array(this.slots);
    this.stamps = new Uint32Array(this.slots);
    this.ordinals = new Uint32Array(this.slots);
  }

  /** @returns false when the table is full */
  add(hash: bigint, stamp: number, ordinal: number): boolean {
    // An empty slot always remains: it is what ends a search.
    if (this.used + 1 > this.slots * FULLEST) return false;
    let slot = this.startOf(hash);
    while (this.ordinals[slot] !== 0) slot = this.after(slot);
    this.hashHigh[slot] = Number(hash >> 32n);
    this.stamps[slot] = stamp;
    this.ordinals[slot] = ordinal + 1;
    this.used++;
    return true;
  }

  /** Whether a file of that name's hash has the stamp. */
  has(hash: bigint, stamp: number): boolean {
    const high = Number(hash >> 32n);
    for (let slot = this.startOf(hash); this.ordinals[slot] !== 0; slot = this.after(slot)) {
      if (this.hashHigh[slot] === high && this.stamps[slot] === stamp) return true;
    }
    return false;
  }

  /** Ordinals of the commits that may hold a file of that name's hash, the newest first. */
  candidates(hash: bigint): number[] {
    const high = Number(hash >> 32n);
    const ordinals: number[] = [];
    for (let slot = this.startOf(hash); this.ordinals[slot] !== 0; slot = this.after(slot)) {
      if (this.hashHigh[slot] === high) ordinals.push(this.ordinals[slot] - 1);
    }
    return ordinals.sort((a, b) => b - a);
  }

  private startOf(hash: bigint): number {
    return Math.floor((Number(hash & 0xffffffffn) * this.slots) / 4_294_967_296);
  }

  private after(slot: number): number {
    return slot + 1 === this.slots ? 0 : slot + 1;
  }
}

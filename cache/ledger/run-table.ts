import type { FileHash } from './file-hash.js';

const EMPTY = 0;
/** Something stood here: a search goes on, an entry may come. */
const REMOVED = 1;
const PLANNED = 2;
/** The state of a committed file is its commit's ordinal and this. */
const FIRST_COMMIT = 3;

const LEAST_SLOTS = 1 << 12;

/** Committed files as columns, in no order. */
export interface FileColumns {
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
  readonly stamps: Uint32Array;
  readonly ordinals: Uint32Array;
}

/**
 * Log files that the index on disk does not hold: planned by this run and in hand, or in recent commits.
 * A hash table with open addressing, 16 bytes a slot. The same name may stand in it several times: once
 * planned, and once for each commit.
 */
export class RunTable {
  /** Files of commits. */
  committed = 0;
  /** Slots that are not empty. */
  private used = 0;
  private planned = 0;
  private slots = LEAST_SLOTS;
  private highs = new Uint32Array(LEAST_SLOTS);
  private lows = new Uint32Array(LEAST_SLOTS);
  private stamps = new Uint32Array(LEAST_SLOTS);
  private states = new Uint32Array(LEAST_SLOTS);

  /** Note that a file of this name is in hand; once is enough. */
  plan(file: FileHash): void {
    if (this.find(file, PLANNED) !== undefined) return;
    this.insert(file, PLANNED);
    this.planned++;
  }

  isPlanned(file: FileHash): boolean {
    return this.find(file, PLANNED) !== undefined;
  }

  /** Note that a file planned is in no commit, and will not be. */
  cancel(file: FileHash): void {
    const slot = this.find(file, PLANNED);
    if (slot === undefined) return;
    this.states[slot] = REMOVED;
    this.planned--;
  }

  /** Note that a file, planned or not, is in a commit. */
  commit(file: FileHash, ordinal: number): void {
    const slot = this.find(file, PLANNED);
    if (slot === undefined) {
      this.insert(file, ordinal + FIRST_COMMIT);
    } else {
      this.states[slot] = ordinal + FIRST_COMMIT;
      this.stamps[slot] = file.stamp;
      this.planned--;
    }
    this.committed++;
  }

  /** Whether a committed file has the name, size and time. */
  hasStamp(file: FileHash): boolean {
    return this.entriesOf(file).some((slot) => this.stamps[slot] === file.stamp);
  }

  /** Ordinals of the commits that hold the name. */
  ordinals(file: FileHash): number[] {
    return this.entriesOf(file).map((slot) => this.states[slot] - FIRST_COMMIT);
  }

  /** Give all committed files away and keep those in hand. */
  takeCommitted(): FileColumns {
    const { highs, lows, stamps, states } = this;
    const kept = this.committed;
    const taken: FileColumns = {
      highs: new Uint32Array(kept),
      lows: new Uint32Array(kept),
      stamps: new Uint32Array(kept),
      ordinals: new Uint32Array(kept),
    };
    let to = 0;
    for (let slot = 0; slot < this.slots; slot++) {
      if (states[slot] < FIRST_COMMIT) continue;
      taken.highs[to] = highs[slot];
      taken.lows[to] = lows[slot];
      taken.stamps[to] = stamps[slot];
      taken.ordinals[to++] = states[slot] - FIRST_COMMIT;
      states[slot] = REMOVED;
    }
    this.committed = 0;
    this.rebuild();
    return taken;
  }

  private entriesOf({ high, low }: FileHash): number[] {
    const found: number[] = [];
    for (let slot = this.startOf(low); this.states[slot] !== EMPTY; slot = this.after(slot)) {
      if (this.states[slot] < FIRST_COMMIT) continue;
      if (this.lows[slot] === low && this.highs[slot] === high) found.push(slot);
    }
    return found;
  }

  private find({ high, low }: FileHash, state: number): number | undefined {
    for (let slot = this.startOf(low); this.states[slot] !== EMPTY; slot = this.after(slot)) {
      if (this.states[slot] !== state) continue;
      if (this.lows[slot] === low && this.highs[slot] === high) return slot;
    }
    return undefined;
  }

  private insert({ high, low, stamp }: FileHash, state: number): void {
    if (this.used * 4 >= this.slots * 3) this.rebuild();
    let slot = this.startOf(low);
    while (this.states[slot] > REMOVED) slot = this.after(slot);
    if (this.states[slot] === EMPTY) this.used++;
    this.highs[slot] = high;
    this.lows[slot] = low;
    this.stamps[slot] = stamp;
    this.states[slot] = state;
  }

  /** Make room for what is there to double, and forget what was removed. */
  private rebuild(): void {
    const old = { highs: this.highs, lows: this.lows, stamps: this.stamps, states: this.states };
    let slots = LEAST_SLOTS;
    while ((this.committed + this.planned) * 8 >= slots * 3) slots *= 2;
    this.slots = slots;
    this.used = 0;
    this.highs = new Uint32Array(slots);
    this.lows = new Uint32Array(slots);
    this.stamps = new Uint32Array(slots);
    this.states = new Uint32Array(slots);
    for (let from = 0; from < old.states.length; from++) {
      const state = old.states[from];
      if (state <= REMOVED) continue;
      const [high, low, stamp] = [old.highs[from], old.lows[from], old.stamps[from]];
      this.insert({ high, low, stamp }, state);
    }
  }

  private startOf(low: number): number {
    return low & (this.slots - 1);
  }

  private after(slot: number): number {
    return (slot + 1) & (this.slots - 1);
  }
}

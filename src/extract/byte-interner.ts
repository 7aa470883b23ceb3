/**
 * Gives equal byte strings equal small numbers, by their bytes: no string is made for a key that was
 * seen before. Ids count from 0 in the order of first appearance.
 */
export class ByteInterner {
  /** All distinct strings, one after the other. */
  bytes: Uint8Array;
  /** String i is `bytes[offsets[i] .. offsets[i + 1]]`. */
  offsets: Uint32Array;
  count = 0;

  private hashes: Uint32Array;
  private slots: Uint32Array;
  private mask: number;

  constructor(capacity = 1 << 12) {
    this.bytes = new Uint8Array(capacity * 32);
    this.offsets = new Uint32Array(capacity + 1);
    this.hashes = new Uint32Array(capacity);
    this.slots = new Uint32Array(capacity * 2);
    this.mask = capacity * 2 - 1;
  }

  get byteLength(): number {
    return this.offsets[this.count];
  }

  /** Forget all strings, keep the memory. */
  clear(): void {
    this.count = 0;
    this.slots.fill(0);
  }

  /** @returns the id of the bytes from `start` to `end` of the buffer */
  intern(buffer: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(buffer, start, end);
    let slot = hash & this.mask;
    for (let entry = this.slots[slot]; entry !== 0; entry = this.slots[slot]) {
      if (this.hashes[entry - 1] === hash && this.equals(entry - 1, buffer, start, end)) {
        return entry - 1;
      }
      slot = (slot + 1) & this.mask;
    }
    return this.add(buffer, start, end, hash, slot);
  }

  private equals(id: number, buffer: Uint8Array, start: number, end: number): boolean {
    const from = this.offsets[id];
    if (this.offsets[id + 1] - from !== end - start) return false;
    const { bytes } = this;
    for (let i = start, j = from; i < end; i++, j++) if (buffer[i] !== bytes[j]) return false;
    return true;
  }

  private add(buffer: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.count;
    const from = this.offsets[id];
    const to = from + end - start;
    if (to > this.bytes.length)
      this.bytes = enlarge(this.bytes, Math.max(to, this.bytes.length * 2));
    for (let i = start, j = from; i < end; i++, j++) this.bytes[j] = buffer[i];
    this.offsets[id + 1] = to;
    this.hashes[id] = hash;
    this.slots[slot] = id + 1;
    this.count = id + 1;
    if (this.count === this.hashes.length) this.grow();
    return id;
  }

  private grow(): void {
    const capacity = this.hashes.length * 2;
    const offsets = new Uint32Array(capacity + 1);
    offsets.set(this.offsets);
    const hashes = new Uint32Array(capacity);
    hashes.set(this.hashes);
    this.offsets = offsets;
    this.hashes = hashes;
    this.slots = new Uint32Array(capacity * 2);
    this.mask = capacity * 2 - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = hashes[id] & this.mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = id + 1;
    }
  }
}

function enlarge(bytes: Uint8Array, capacity: number): Uint8Array {
  const larger = new Uint8Array(capacity);
  larger.set(bytes);
  return larger;
}

/** FNV-1a over groups of four bytes with a final mix, so that the low bits are good enough for a table. */
function hashBytes(buffer: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    const group = buffer[i] | (buffer[i + 1] << 8) | (buffer[i + 2] << 16) | (buffer[i + 3] << 24);
    hash = Math.imul(hash ^ group, 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ buffer[i], 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

import type { RecordColumns } from '../../cache/segment-writer.js';

const ADDRESS_BYTES = 16;

/** Some rows of columns, by themselves: with the keys and requesters that they have, and no others. */
export function selectRows(columns: RecordColumns, rows: Uint32Array): RecordColumns {
  const keys = new Renumbering(columns.keys.count);
  const requesters = new Renumbering(columns.requesters.length / ADDRESS_BYTES);
  const keyIds = new Uint32Array(rows.length);
  const requesterIds = new Uint32Array(rows.length);
  const times = new Float64Array(rows.length);
  const bytesLow = new Uint32Array(rows.length);
  const bytesHigh = new Uint32Array(rows.length);
  const downloads = new Uint8Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    keyIds[at] = keys.numberOf(columns.keyIds[row]);
    requesterIds[at] = requesters.numberOf(columns.requesterIds[row]);
    times[at] = columns.times[row];
    bytesLow[at] = columns.bytesLow[row];
    bytesHigh[at] = columns.bytesHigh[row];
    downloads[at] = columns.downloads[row];
  }
  return {
    rows: rows.length,
    keys: selectKeys(columns.keys, keys.old),
    keyIds,
    times,
    requesters: selectAddresses(columns.requesters, requesters.old),
    requesterIds,
    bytesLow,
    bytesHigh,
    downloads,
  };
}

/** New ids for old ones, in the order in which they come. */
class Renumbering {
  readonly old: number[] = [];
  readonly #numbers: Int32Array;

  constructor(count: number) {
    this.#numbers = new Int32Array(count).fill(-1);
  }

  numberOf(old: number): number {
    const known = this.#numbers[old];
    if (known >= 0) return known;
    const number = this.old.push(old) - 1;
    this.#numbers[old] = number;
    return number;
  }
}

function selectKeys({ bytes, offsets }: RecordColumns['keys'], ids: readonly number[]) {
  const selected = new Uint32Array(ids.length + 1);
  ids.forEach((id, at) => {
    selected[at + 1] = selected[at] + offsets[id + 1] - offsets[id];
  });
  const all = new Uint8Array(selected[ids.length]);
  ids.forEach((id, at) => {
    all.set(bytes.subarray(offsets[id], offsets[id + 1]), selected[at]);
  });
  return { bytes: all, offsets: selected, count: ids.length };
}

function selectAddresses(sealed: Uint8Array, ids: readonly number[]): Uint8Array {
  const selected = new Uint8Array(ids.length * ADDRESS_BYTES);
  ids.forEach((id, at) => {
    selected.set(sealed.subarray(id * ADDRESS_BYTES, (id + 1) * ADDRESS_BYTES), at * ADDRESS_BYTES);
  });
  return selected;
}

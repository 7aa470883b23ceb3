import { RequesterTable, WORDS } from './requester-table.js';

/** Requesters that have a number: in the same order, numbers and addresses as words. */
export interface KnownRequesters {
  readonly numbers: Uint32Array;
  readonly addresses: Uint32Array;
}

export interface NumberedRequesters {
  /** Numbers of what was given, in memory that all threads see. */
  readonly numbers: readonly Uint32Array[];
  /** Numbers are below it. */
  readonly count: number;
  /** Addresses, as words, of those that had no number; theirs are the last ones. */
  readonly added: Uint32Array;
}

/**
 * Number requesters: those known keep their numbers, new ones get the next, in the order in which they come.
 *
 * The table is made of those that came, and those known are looked for in it: night after night there are
 * few of the former and millions of the latter, and a small table stays in the processor's caches.
 *
 * @param known each once, together with the numbers from 1 on
 * @param came addresses as words; 16 zero bytes ("none") have the number 0
 */
export function numberRequesters(
  known: readonly KnownRequesters[],
  came: readonly Uint32Array[],
): NumberedRequesters {
  const most = came.reduce((longest, words) => Math.max(longest, words.length), 0);
  const table = new RequesterTable(most / WORDS);
  const places = came.map((words) => table.numbers(words));
  const numbers = new Uint32Array(table.count);
  let count = 1;
  for (const file of known) {
    takeNumbers(table, file, numbers);
    count += file.numbers.length;
  }
  const first = count;
  for (let place = 1; place < table.count; place++) {
    if (numbers[place] === 0) numbers[place] = count++;
  }
  const added = new Uint32Array((count - first) * WORDS);
  for (let place = 1; place < table.count; place++) {
    if (numbers[place] < first) continue;
    added.set(
      table.words.subarray(place * WORDS, (place + 1) * WORDS),
      (numbers[place] - first) * WORDS,
    );
  }
  return { numbers: places.map((own) => mapped(own, numbers)), count, added };
}

function takeNumbers(
  table: RequesterTable,
  { numbers, addresses }: KnownRequesters,
  into: Uint32Array,
): void {
  for (let row = 0, p = 0; row < numbers.length; row++, p += WORDS) {
    const place = table.find(addresses[p], addresses[p + 1], addresses[p + 2], addresses[p + 3]);
    if (place !== 0) into[place] = numbers[row];
  }
}

function mapped(places: Uint32Array, numbers: Uint32Array): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(places.byteLength));
  for (let i = 0; i < places.length; i++) shared[i] = numbers[places[i]];
  return shared;
}

import {
  clearAddresses,
  internV4,
  internV6,
  NO_ADDRESS,
  reserveAddresses,
  touchV4,
  touchV6,
} from './address-table';
import { hashBytes, hashWords } from './hash';
import { agentEnd, agentStart } from './kept-fields';
import { clearKeys, internKey, reserveKeys, touchKeys } from './key-table';
import { reserve } from './memory';

/** Columns of the records in hand. */
export let keyIds: usize = 0;
/** Seconds since 1970, 64-bit floats. */
export let times: usize = 0;
export let requesterIds: usize = 0;
/** Bytes sent in two columns: lower and upper 32 bits. */
export let bytesLow: usize = 0;
export let bytesHigh: usize = 0;
export let downloads: usize = 0;
/** Where the user agent of each record stands in the input, until that holds something else; only where agents are kept. */
export let agentStarts: usize = 0;
export let agentEnds: usize = 0;
export let rows: u32 = 0;

let mostRows: u32 = 0;

/** Records whose keys and addresses have no ids yet; looked up together, see `touchKeys`. */
const MOST_WAITING: u32 = 256;
const waitingKeys: usize = memory.data(256 * 8, 16);
const waitingHashes: usize = memory.data(256 * 8, 16);
const waitingV4: usize = memory.data(256 * 4, 16);
const waitingV4Rows: usize = memory.data(256 * 4, 16);
const waitingV6: usize = memory.data(256 * 16, 16);
const waitingV6Hashes: usize = memory.data(256 * 4, 16);
const waitingV6Rows: usize = memory.data(256 * 4, 16);
let waitingV6Count: u32 = 0;
let waiting: u32 = 0;
let waitingV4Count: u32 = 0;

export function reserveRecords(most: u32, keyBytes: usize): void {
  mostRows = most;
  reserveKeys(most, keyBytes);
  reserveAddresses(most + 1);
  keyIds = reserve(<usize>most * 4);
  times = reserve(<usize>most * 8);
  requesterIds = reserve(<usize>most * 4);
  bytesLow = reserve(<usize>most * 4);
  bytesHigh = reserve(<usize>most * 4);
  downloads = reserve(most);
  if (KEEP_AGENTS) {
    agentStarts = reserve(<usize>most * 4);
    agentEnds = reserve(<usize>most * 4);
  }
}

export function clearRecords(): void {
  rows = 0;
  forgetWaiting();
  clearKeys();
  clearAddresses();
}

/** Go back to fewer rows. */
export function truncateRecords(to: u32): void {
  rows = to;
  forgetWaiting();
}

/** None waits between calls, unless one of them has failed. */
function forgetWaiting(): void {
  waiting = 0;
  waitingV4Count = 0;
  waitingV6Count = 0;
}

/** Append a record; {@link resolveWaiting} gives it its ids. The key's bytes must stay until then. */
export function addRecord(key: usize, keyLength: u32, time: f64, bytes: u64, download: u8): void {
  const row = rows;
  if (row === mostRows) unreachable();
  store<f64>(times + ((<usize>row) << 3), time);
  store<u32>(bytesLow + ((<usize>row) << 2), <u32>bytes);
  store<u32>(bytesHigh + ((<usize>row) << 2), <u32>(bytes >> 32));
  store<u8>(downloads + row, download);
  if (KEEP_AGENTS) {
    store<u32>(agentStarts + ((<usize>row) << 2), <u32>agentStart);
    store<u32>(agentEnds + ((<usize>row) << 2), <u32>agentEnd);
  }
  store<u32>(waitingKeys + ((<usize>waiting) << 3), <u32>key);
  store<u32>(waitingKeys + ((<usize>waiting) << 3), keyLength, 4);
  store<u64>(waitingHashes + ((<usize>waiting) << 3), hashBytes(key, keyLength));
  rows = row + 1;
  waiting++;
}

/** The requester of the record added last is an IPv4 address. */
export function setWaitingV4(address: u32): void {
  store<u32>(waitingV4 + ((<usize>waitingV4Count) << 2), address);
  store<u32>(waitingV4Rows + ((<usize>waitingV4Count) << 2), rows - 1);
  waitingV4Count++;
}

/** The requester of the record added last is the address at `words`, in 16-byte form and no IPv4 address. */
export function setWaitingV6(words: usize): void {
  const i = <usize>waitingV6Count;
  const hash = hashWords(
    load<u32>(words),
    load<u32>(words, 4),
    load<u32>(words, 8),
    load<u32>(words, 12),
  );
  v128.store(waitingV6 + (i << 4), v128.load(words));
  store<u32>(waitingV6Hashes + (i << 2), <u32>hash);
  store<u32>(waitingV6Rows + (i << 2), rows - 1);
  waitingV6Count++;
}

/** The requester of the record added last. */
export function setRequester(id: u32): void {
  store<u32>(requesterIds + ((<usize>(rows - 1)) << 2), id);
}

export function setNoRequester(): void {
  setRequester(NO_ADDRESS);
}

export function resolveIfMany(): void {
  if (waiting === MOST_WAITING) resolveWaiting();
}

/** Look up the keys and addresses of all records that wait. */
export function resolveWaiting(): void {
  const count = waiting;
  const first = rows - count;
  touchKeys(waitingHashes, count);
  for (let i: u32 = 0; i < count; i++) {
    const entry = waitingKeys + ((<usize>i) << 3);
    const hash = load<u64>(waitingHashes + ((<usize>i) << 3));
    const id = internKey(<usize>load<u32>(entry), load<u32>(entry, 4), hash);
    store<u32>(keyIds + ((<usize>(first + i)) << 2), id);
  }
  waiting = 0;
  const addresses = waitingV4Count;
  touchV4(waitingV4, addresses);
  for (let i: u32 = 0; i < addresses; i++) {
    const id = internV4(load<u32>(waitingV4 + ((<usize>i) << 2)));
    const row = load<u32>(waitingV4Rows + ((<usize>i) << 2));
    store<u32>(requesterIds + ((<usize>row) << 2), id);
  }
  waitingV4Count = 0;
  resolveV6();
}

function resolveV6(): void {
  touchV6(waitingV6Hashes, waitingV6Count);
  for (let i: usize = 0; i < <usize>waitingV6Count; i++) {
    const words = waitingV6 + (i << 4);
    const id = internV6(
      load<u32>(words),
      load<u32>(words, 4),
      load<u32>(words, 8),
      load<u32>(words, 12),
      load<u32>(waitingV6Hashes + (i << 2)),
    );
    store<u32>(requesterIds + ((<usize>load<u32>(waitingV6Rows + (i << 2))) << 2), id);
  }
  waitingV6Count = 0;
}

// A worker of summaries.mjs: writes segments of made-up records through the project's own writer.
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

const { folder, seed, keyCount, datasetCount, addressCount, days, firstDay } = workerData;
const { writeRecords } = await import('../../dist/cache/segment-writer.js');

// xorshift128+ in 32-bit halves would be more than is needed here: mulberry32.
let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** A number below n, small ones more often: close to Zipf's law with exponent 1. */
function zipf(n) {
  return Math.min(n - 1, Math.floor((n + 1) ** random()) - 1);
}

/** The sealed address of a number: 16 bytes that look random. */
const addresses = new Uint8Array(addressCount * 16);
for (let i = 0; i < addressCount; i += 64) {
  const hash = createHash('shake128', { outputLength: 1024 }).update(`address ${i}`).digest();
  addresses.set(hash.subarray(0, Math.min(1024, (addressCount - i) * 16)), i * 16);
}

/** Keys are spread over datasets by a fixed mixing, so that large and small keys are everywhere. */
function keyText(key) {
  const dataset = Math.min(
    datasetCount - 1,
    Math.floor(datasetCount ** (((Math.imul(key + 1, 0x9e3779b1) >>> 0) + 0.5) / 2 ** 32) - 1),
  );
  // Every dataset has keys: the first `datasetCount` keys are one of each.
  const own = key < datasetCount ? key : dataset;
  const name = String(own).padStart(6, '0');
  const hex = (Math.imul(key, 0x85ebca6b) >>> 0).toString(16).padStart(8, '0');
  return `${name}/sub-${hex.slice(0, 3)}/ses-${hex.slice(3, 5)}/file-${hex}-${key}.nwb`;
}

parentPort.on('message', ({ stem, rows, skip }) => {
  const keyIds = new Uint32Array(rows);
  const requesterIds = new Uint32Array(rows);
  const times = new Float64Array(rows);
  const bytesLow = new Uint32Array(rows);
  const bytesHigh = new Uint32Array(rows);
  const downloads = new Uint8Array(rows);
  const drawn = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) drawn[i] = zipf(keyCount);
  drawn.sort();
  const localRequester = new Int32Array(addressCount).fill(-1);
  const requesters = [];
  let keyNumber = -1;
  let before = -1;
  const texts = [];
  for (let i = 0; i < rows; i++) {
    if (drawn[i] !== before) {
      before = drawn[i];
      keyNumber++;
      texts.push(keyText(before));
    }
    keyIds[i] = keyNumber;
    const address = zipf(addressCount);
    if (localRequester[address] === -1) {
      localRequester[address] = requesters.length;
      requesters.push(address);
    }
    requesterIds[i] = localRequester[address];
    times[i] =
      (firstDay + skip + Math.floor(random() * days)) * 86_400 + Math.floor(random() * 86_400);
    const size = Math.floor(2 ** (10 + 24 * random()));
    bytesLow[i] = size >>> 0;
    downloads[i] = random() < 0.7 ? 1 : 0;
  }
  const own = new Uint8Array(requesters.length * 16);
  requesters.forEach((address, i) => {
    own.set(addresses.subarray(address * 16, address * 16 + 16), i * 16);
  });
  const parts = texts.map((text) => Buffer.from(text, 'latin1'));
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = offsets[i] + part.length;
  });
  const segment = writeRecords(folder, stem, {
    rows,
    keys: { bytes: Buffer.concat(parts), offsets, count: parts.length },
    keyIds,
    times,
    requesters: own,
    requesterIds,
    bytesLow,
    bytesHigh,
    downloads,
  });
  parentPort.postMessage(segment);
});

import type { Random } from './random.js';
import { zipfTable } from './zipf.js';

/** The objects that benchmark requests ask for. */
export interface BenchmarkKeys {
  readonly datasets: readonly string[];
  /** Draw a key's number: popular datasets, and within one popular keys, come up more often. */
  readonly draw: (random: Random) => number;
  /** Position in `datasets` of a key's dataset. */
  readonly datasetOf: (key: number) => number;
  /** The key as the log field shows it: percent-encoded twice. */
  readonly logged: (key: number) => string;
  /** The key as it stands in the request target: percent-encoded once. */
  readonly target: (key: number) => string;
  readonly sizeBytes: (key: number) => number;
}

/**
 * Keys in the manner of a neuroscience archive, `ds000117/sub-01/func/...`. Every dataset has at least
 * one key; the rest spread over datasets by popularity.
 */
export function benchmarkKeys(keys: number, datasets: number, random: Random): BenchmarkKeys {
  const popularity = zipfTable(datasets);
  const firstKey = firstKeys(keys, datasets, popularity, random);
  const owner = new Uint32Array(keys);
  for (let d = 0; d < datasets; d++) owner.fill(d, firstKey[d], firstKey[d + 1]);
  const names = Array.from({ length: datasets }, (_, d) => datasetName(d));
  // A line asks for the same key twice. Keeping all texts would take long with a million keys.
  let lastKey = -1;
  let lastText = '';
  const make = (key: number) => {
    if (key === lastKey) return lastText;
    const dataset = owner[key];
    lastKey = key;
    lastText = `${names[dataset]}/${assetPath(key, key - firstKey[dataset])}`;
    return lastText;
  };
  return {
    datasets: names,
    draw: (r) => {
      const dataset = popularity[r.below(popularity.length)];
      const share = r.fraction();
      const count = firstKey[dataset + 1] - firstKey[dataset];
      return firstKey[dataset] + Math.floor(share * share * count);
    },
    datasetOf: (key) => owner[key],
    // All other keys are made of characters that stand for themselves.
    logged: (key) => (hasOddName(key) ? encodedTwice(make(key)) : make(key)),
    target: (key) => (hasOddName(key) ? encodedOnce(make(key)) : make(key)),
    sizeBytes,
  };
}

/** firstKey[d] to firstKey[d + 1] are the keys of dataset d. */
function firstKeys(keys: number, datasets: number, popularity: Uint32Array, random: Random) {
  const counts = new Uint32Array(datasets).fill(1);
  for (let k = datasets; k < keys; k++) counts[popularity[random.below(popularity.length)]]++;
  const first = new Uint32Array(datasets + 1);
  for (let d = 0; d < datasets; d++) first[d + 1] = first[d] + counts[d];
  return first;
}

function datasetName(index: number): string {
  return `ds${String((100 + index * 7) % 1_000_000).padStart(6, '0')}`;
}

/** Unlike for different numbers within a dataset. */
function assetPath(key: number, within: number): string {
  if (within === 0) return 'dataset_description.json';
  const subject = `sub-${String(Math.floor(within / 24) + 1).padStart(3, '0')}`;
  const run = String((within % 24) + 1).padStart(2, '0');
  if (hasOddName(key)) return `sourcedata/${subject}/notes "${run}" é + raw.txt`;
  if (within % 24 === 3) return `${subject}/anat/${subject}_run-${run}_T1w.nii.gz`;
  if (within % 24 === 4) return `${subject}/anat/${subject}_run-${run}_T1w.json`;
  const session = `ses-${(within % 3) + 1}`;
  return `${subject}/${session}/func/${subject}_${session}_task-rest_acq-mb4_run-${run}_bold.nii.gz`;
}

/** One key in 128 holds a space, a quote, a plus and a letter beyond ASCII. */
function hasOddName(key: number): boolean {
  return Math.imul(key, 0x9e3779b1) >>> 25 === 5;
}

/** `application/x-www-form-urlencoded`, with `/` kept; twice, as S3 writes it into logs. */
function encodedTwice(key: string): string {
  return formEncoded(formEncoded(key));
}

function formEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+');
}

/** As clients write it into the request line. */
function encodedOnce(key: string): string {
  return encodeURIComponent(key).replace(/%2F/g, '/');
}

/** From a hundred bytes to some gigabytes; most a few hundred kilobytes. */
function sizeBytes(key: number): number {
  const hash = (Math.imul(key + 1, 0x85ebca6b) ^ (key >>> 7)) >>> 0;
  return Math.floor(100 + Math.exp((hash / 2 ** 32) * 17.2));
}

// The logs that are measured.

const BIG_FILES = 8;
const SMALL_FILE_KB = 25;
/** Growth curves measure a sixteenth, a quarter, and all of the logs. */
const PARTS = [16, 4, 1];

/** @returns by name the generator's options; `big/4` is a quarter of `big`, in as many files */
export function shapes({ bigMb, smallFiles, smoke }) {
  const big = (sizeMb) => ({ sizeMb, fileSizeKb: (sizeMb * 1e3) / BIG_FILES });
  const small = (files) => ({ sizeMb: (files * SMALL_FILE_KB) / 1e3, fileSizeKb: SMALL_FILE_KB });
  // Drawn from a few more, so that a million different ones come up in the kept lines of 4 GB.
  const many = smoke
    ? { keys: 50_000, addresses: 50_000, buckets: 20 }
    : { keys: 1_075_000, addresses: 1_020_000, buckets: 200 };
  return {
    ...Object.fromEntries(PARTS.map((part) => [partName('big', part), big(bigMb / part)])),
    'many-keys': { ...big(bigMb), ...many },
    ...Object.fromEntries(
      PARTS.map((part) => [partName('small', part), small(Math.round(smallFiles / part))]),
    ),
  };
}

/** Names of a growth curve's logs, smallest first. */
export function growthNames(name) {
  return PARTS.map((part) => partName(name, part));
}

function partName(name, part) {
  return part === 1 ? name : `${name}/${part}`;
}

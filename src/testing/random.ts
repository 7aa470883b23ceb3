/** A small deterministic stream of numbers: the same seed gives the same stream everywhere. */
export interface Random {
  /** The next unsigned 32-bit number. */
  readonly next: () => number;
  /** The next number in [0, 1). */
  readonly fraction: () => number;
  /** The next integer in [0, limit); limit at most 2^32. */
  readonly below: (limit: number) => number;
  /** One of a list. */
  readonly pick: <T>(list: readonly T[]) => T;
  /** Go on with the beginning of another stream of the same seed; 0 is the first. */
  readonly restart: (stream: number) => void;
}

/**
 * sfc32 (Chris Doty-Humphrey's "small fast counting" generator, PractRand), with 32-bit state
 * words; seed and number of the stream are spread by running it in. Not for secrets.
 */
export function seededRandom(seed: number): Random {
  let a = 0;
  let b = 0;
  let c = 0;
  let counter = 1;
  const next = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  const restart = (stream: number) => {
    a = seed | 0;
    b = Math.floor(seed / 2 ** 32) | 0;
    c = (0x9e3779b9 + stream) | 0;
    counter = 1;
    for (let i = 0; i < 16; i++) next();
  };
  restart(0);
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
  return {
    next,
    fraction: () => next() / 2 ** 32,
    below,
    pick: (list) => list[below(list.length)],
    restart,
  };
}

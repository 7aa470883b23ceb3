import xxhash from 'xxhash-wasm';

const { h64Raw } = await xxhash();

/**
 * Which shard a log file falls to: XXH64 (seed 0) of the UTF-8 of its name, modulo the count, plus 1 (FORMAT.md section 22).
 * Shards of two versions of the program must agree, so this never changes.
 *
 * @param name what the log file is known by (FORMAT.md section 7)
 * @returns 1 to count
 */
export function shardOf(name: string, count: number): number {
  return Number(h64Raw(Buffer.from(name, 'utf8')) % BigInt(count)) + 1;
}

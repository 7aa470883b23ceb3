/**
 * A table to draw ranks from with Zipf-like popularity: rank r (from 0) fills a share of the slots
 * in proportion to 1 / (r + 1)^exponent, at least one each. A draw is one look-up:
 * `table[random.below(table.length)]`.
 *
 * @param ranks how many there are
 * @param slots how fine the shares are; the table is longer when there are more ranks
 */
export function zipfTable(ranks: number, exponent = 1, slots = 65_536): Uint32Array {
  let sum = 0;
  for (let r = 0; r < ranks; r++) sum += 1 / (r + 1) ** exponent;
  const shares = Uint32Array.from({ length: ranks }, (_, r) =>
    Math.max(1, Math.round((slots * (1 / (r + 1) ** exponent)) / sum)),
  );
  const table = new Uint32Array(shares.reduce((total, share) => total + share, 0));
  let at = 0;
  for (let r = 0; r < ranks; r++) {
    table.fill(r, at, at + shares[r]);
    at += shares[r];
  }
  return table;
}

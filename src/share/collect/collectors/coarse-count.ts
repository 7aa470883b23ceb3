/**
 * A number in coarse steps, which tell how large something is and no more: `0`, `1-9`, `10-99`, `100-999` and so on.
 *
 * @param count whole, not negative
 */
export function coarseCount(count: number): string {
  if (count <= 0) return '0';
  const digits = String(Math.trunc(count)).length;
  return `${10 ** (digits - 1)}-${10 ** digits - 1}`;
}

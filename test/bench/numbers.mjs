/** The middle one; of two in the middle their mean. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export function round(value, digits = 2) {
  return Number(value.toFixed(digits));
}

/** Numbers of different sizes, each to as many digits as tell something. */
export function significant(value) {
  return Number(value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 3));
}

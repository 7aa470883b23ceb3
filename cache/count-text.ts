/** 1234567 -> `1,234,567`. Whole numbers only; `toLocaleString` would load all of ICU for it. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 3 files, 1 file. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

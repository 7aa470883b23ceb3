import type { TruthLine } from './truth.js';

/** `count` addresses that no range holds, in the form they are asked for, and a line for each. */
export function crowd(count: number): { addresses: string[]; lines: TruthLine[] } {
  const addresses = Array.from({ length: count }, (_, i) =>
    i % 4 === 0
      ? `2a01:${((i >> 8) + 1).toString(16)}::${((i & 255) + 1).toString(16)}`
      : `80.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
  );
  const lines = addresses.map((ip, i) => ({
    key: 'ds/x',
    time: 1_700_000_000,
    client: i + 1,
    ip,
    bytes: 5n,
  }));
  return { addresses, lines };
}

import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  benchmarkAddress,
  benchmarkAddressRespelled,
} from '../../src/testing/benchmark-addresses.js';
import { benchmarkKeys } from '../../src/testing/benchmark-keys.js';
import { seededRandom } from '../../src/testing/random.js';
import { zipfTable } from '../../src/testing/zipf.js';
import { canonicalAddress } from './helpers.js';

describe('benchmark addresses', () => {
  it('are valid, all different, and of both families', () => {
    const texts = Array.from({ length: 20_000 }, (_, i) => benchmarkAddress(i * 801));
    expect(texts.every((text) => isIP(text) !== 0)).toBe(true);
    expect(new Set(texts).size).toBe(texts.length);
    expect(new Set(texts.map((text) => isIP(text)))).toEqual(new Set([4, 6]));
  });

  it('stay the same address when spelled otherwise', () => {
    for (let i = 0; i < 200; i++) {
      const other = benchmarkAddressRespelled(i);
      expect(other).not.toBe(benchmarkAddress(i));
      expect(canonicalAddress(other)).toBe(canonicalAddress(benchmarkAddress(i)));
    }
  });
});

describe('benchmark keys', () => {
  const keys = benchmarkKeys(5_000, 300, seededRandom(5));

  it('are all different, and each stands in the dataset it says', () => {
    const logged = Array.from({ length: 5_000 }, (_, key) => keys.logged(key));
    expect(new Set(logged).size).toBe(5_000);
    logged.forEach((text, key) => {
      expect(text.split('/')[0]).toBe(keys.datasets[keys.datasetOf(key)]);
    });
  });

  it('leave no dataset without a key', () => {
    const owners = Array.from({ length: 5_000 }, (_, key) => keys.datasetOf(key));
    expect(new Set(owners).size).toBe(300);
  });

  it('are encoded twice in the key field, once in the target', () => {
    const odd = Array.from({ length: 5_000 }, (_, key) => key).filter((key) =>
      keys.target(key).includes('%'),
    );
    expect(odd.length).toBeGreaterThan(5);
    const logged = keys.logged(odd[0]);
    expect(logged).toMatch(/\/notes%2B%2522\d\d%2522%2B%25C3%25A9%2B%252B%2Braw\.txt$/);
    const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
    expect(decode(decode(logged))).toBe(decodeURIComponent(keys.target(odd[0])));
  });
});

describe('zipfTable', () => {
  it('gives every rank a slot and lower ranks more', () => {
    const counts = [...zipfTable(100)].reduce<number[]>((sums, rank) => {
      sums[rank] = (sums[rank] ?? 0) + 1;
      return sums;
    }, []);
    expect(counts).toHaveLength(100);
    expect(counts[0] / counts[9]).toBeCloseTo(10, 1);
    expect([...counts].sort((a, b) => b - a)).toEqual(counts);
  });
});

describe('seededRandom', () => {
  it('repeats for a seed, also for seeds beyond 32 bits', () => {
    const stream = (seed: number) => Array.from({ length: 5 }, seededRandom(seed).next);
    expect(stream(1)).toEqual(stream(1));
    expect(stream(1)).not.toEqual(stream(2));
    expect(stream(1)).not.toEqual(stream(1 + 2 ** 32));
  });

  it('spreads evenly below a limit', () => {
    const { below } = seededRandom(9);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[below(10)]++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

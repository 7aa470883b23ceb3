import { readFileSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  benchmarkAddress,
  benchmarkAddressRespelled,
} from '../../src/testing/benchmark-addresses.js';
import { benchmarkKeys } from '../../src/testing/benchmark-keys.js';
import { LogFileWriter } from '../../src/testing/log-file-writer.js';
import { seededRandom } from '../../src/testing/random.js';
import { BitSet } from '../../src/testing/truth-sums.js';
import { zipfTable } from '../../src/testing/zipf.js';
import { canonicalAddress, scratchDirectory } from './helpers.js';

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

describe('LogFileWriter', () => {
  it('writes what it is given and knows its bytes, with or without the last LF', () => {
    const scratch = scratchDirectory();
    const writer = new LogFileWriter();
    const line = 'x'.repeat(997);
    // Some of these files end just where a buffer does.
    for (const [number, lines] of [1, 2, 515, 516, 517, 518, 519, 1_100].entries()) {
      for (const withLastLf of [true, false]) {
        const path = join(scratch, `folder-${number}`, String(withLastLf));
        writer.open(path);
        for (let i = 0; i < lines; i++) writer.write(line);
        expect(writer.bytes).toBe(lines * 998);
        writer.close(withLastLf);
        const wanted = `${line}\n`.repeat(lines);
        expect(readFileSync(path, 'latin1') === (withLastLf ? wanted : wanted.slice(0, -1))).toBe(
          true,
        );
      }
    }
    rmSync(scratch, { recursive: true });
  });
});

describe('BitSet', () => {
  it('merges as sets do', () => {
    const numbers = (step: number) => Array.from({ length: 50 }, (_, i) => (i * step) % 1_000);
    const [first, second] = [new BitSet(1_000), new BitSet(1_000)];
    for (const value of numbers(7)) first.add(value);
    for (const value of numbers(31)) second.add(value);
    first.merge(second.part());
    expect(first.count).toBe(new Set([...numbers(7), ...numbers(31)]).size);
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

  it('has many streams, each from its beginning', () => {
    const random = seededRandom(1);
    const stream = (number: number) => {
      random.restart(number);
      return Array.from({ length: 5 }, random.next);
    };
    expect(stream(0)).toEqual(Array.from({ length: 5 }, seededRandom(1).next));
    expect(stream(7)).toEqual(stream(7));
    const firsts = Array.from({ length: 10_000 }, (_, number) => stream(number)[0]);
    expect(new Set(firsts).size).toBeGreaterThan(9_980);
  });

  it('spreads evenly below a limit', () => {
    const { below } = seededRandom(9);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[below(10)]++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

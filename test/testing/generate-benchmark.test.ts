import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeLine } from '../../src/extract/describe-line.js';
import {
  type BenchmarkOptions,
  type BenchmarkTruth,
  generateBenchmark,
} from '../../src/testing/generate-benchmark.js';
import { root } from '../architecture/source-files.js';
import { canonicalAddress, filesBelow, scratchDirectory } from './helpers.js';

let scratch: string;
let directory: string;

beforeEach(() => {
  scratch = scratchDirectory();
  directory = join(scratch, 'logs');
});

afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const small = (more: Partial<BenchmarkOptions> = {}): BenchmarkOptions => ({
  directory,
  sizeMb: 0.5,
  keys: 500,
  datasets: 40,
  addresses: 300,
  ...more,
});

function storedTruth(): BenchmarkTruth {
  return JSON.parse(readFileSync(`${directory}.truth.json`, 'utf8')) as BenchmarkTruth;
}

describe('generateBenchmark', () => {
  it('writes a truth file that the parser comes to as well', async () => {
    const truth = await generateBenchmark(small({ sizeMb: 6, seed: 42, buckets: 3 }));
    expect(storedTruth()).toEqual(truth);
    const read = readBack(directory);
    expect({ files: truth.files, bytes: truth.bytes }).toEqual(read.written);
    expect(truth.lines).toEqual(read.lines);
    expect(truth.datasets).toEqual(read.datasets);
    expect(truth.archive).toEqual(read.archive);
    expect(truth.keys).toBe(read.keys);
  });

  it('makes a realistic mix', async () => {
    const { lines, bytes } = await generateBenchmark(small({ sizeMb: 6, seed: 7 }));
    expect(lines.kept / lines.total).toBeGreaterThan(0.6);
    expect(lines.kept / lines.total).toBeLessThan(0.75);
    expect(bytes / lines.total).toBeGreaterThan(500);
    expect(bytes / lines.total).toBeLessThan(750);
    expect(lines.skipped).toBeGreaterThan(0);
    expect(Object.keys(lines.reasons).length).toBeGreaterThan(4);
  });

  it('gives the same bytes and names for the same options, and others for another seed', async () => {
    await generateBenchmark(small());
    const first = filesBelow(directory);
    await generateBenchmark(small({ directory: join(scratch, 'again') }));
    expect(filesBelow(join(scratch, 'again'))).toEqual(first);
    await generateBenchmark(small({ directory: join(scratch, 'other'), seed: 2 }));
    expect(filesBelow(join(scratch, 'other'))).not.toEqual(first);
  });

  it('gives the same bytes and truth with any number of threads', async () => {
    // Threads load compiled code.
    const built = pathToFileURL(join(root, 'dist/src/testing/generate-benchmark.js')).href;
    const compiled = (await import(built)) as { generateBenchmark: typeof generateBenchmark };
    const options = small({ sizeMb: 20, fileSizeKb: 500, addresses: 3_000 });
    const truth = await generateBenchmark({ ...options, threads: 1 });
    const first = filesBelow(directory);
    for (const threads of [2, 3]) {
      expect(await compiled.generateBenchmark({ ...options, threads })).toEqual(truth);
      expect(filesBelow(directory)).toEqual(first);
    }
  });

  it('gives every file requests of its own', async () => {
    await generateBenchmark(small({ fileSizeKb: 25 }));
    const lines = filesBelow(directory).flatMap(({ content }) => content.trim().split('\n'));
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('comes as near to the size asked for as lines allow', async () => {
    for (const fileSizeKb of [5, 25, 250]) {
      const truth = await generateBenchmark(small({ sizeMb: 2, fileSizeKb }));
      expect(Math.abs(truth.bytes / 2e6 - 1)).toBeLessThan(0.01);
      expect(truth.files).toBe(2_000 / fileSizeKb);
    }
  });

  it('makes files of the size asked for, named as S3 names them', async () => {
    const truth = await generateBenchmark(small({ fileSizeKb: 25 }));
    const files = filesBelow(directory);
    expect(files).toHaveLength(truth.files);
    expect(truth.files).toBe(20);
    for (const { name, content } of files) {
      expect(name).toMatch(/^\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
      expect(Math.abs(content.length - 25_000)).toBeLessThan(3_000);
    }
  });

  it('partitions files by account, region, bucket and day when asked to', async () => {
    await generateBenchmark(small({ layout: 'nested', buckets: 2, fileSizeKb: 25 }));
    const { name } = filesBelow(directory)[0];
    const form =
      /^\d{12}\/us-east-1\/benchmark-archive(-1)?\/(\d{4})\/(\d\d)\/(\d\d)\/\2-\3-\4-[0-9A-F-]+$/;
    expect(name).toMatch(form);
  });

  it('leaves out the last LF of some files', async () => {
    await generateBenchmark(small({ fileSizeKb: 25 }));
    const ends = filesBelow(directory).map(({ content }) => content.endsWith('\n'));
    expect(ends).toContain(false);
    expect(ends).toContain(true);
  });

  it('writes over its own earlier output, whatever its options were', async () => {
    await generateBenchmark(small({ layout: 'nested' }));
    const truth = await generateBenchmark(small({ seed: 3 }));
    expect(readdirSync(directory)).toHaveLength(truth.files);
  });

  it('refuses a directory that holds anything else, and touches nothing in it', async () => {
    await generateBenchmark(small());
    const before = readdirSync(directory);
    writeFileSync(join(directory, 'thesis.txt'), 'mine');
    await expect(generateBenchmark(small())).rejects.toMatchObject({
      code: 'BENCHMARK_DIRECTORY_NOT_EMPTY',
    });
    expect(readdirSync(directory).sort()).toEqual([...before, 'thesis.txt'].sort());
    expect(storedTruth().files).toBe(before.length);
  });

  it('refuses logs without a truth file beside them', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, '2024-01-01-00-00-00-0123456789ABCDEF'), 'a log\n');
    await expect(generateBenchmark(small())).rejects.toMatchObject({
      code: 'BENCHMARK_DIRECTORY_NOT_EMPTY',
    });
  });

  it.each([
    { sizeMb: 0 },
    { sizeMb: Number.NaN },
    { keys: 1.5 },
    { addresses: 2 ** 25 },
    { fileSizeKb: -1 },
    { threads: 0 },
  ])('refuses the options %o before it makes anything', async (option) => {
    await expect(generateBenchmark(small(option))).rejects.toMatchObject({
      code: 'BENCHMARK_OPTION_INVALID',
    });
    expect(existsSync(directory)).toBe(false);
  });
});

/** What the parser finds in a directory, in the shape of the truth. */
function readBack(folder: string) {
  const lines = {
    total: 0,
    kept: 0,
    skipped: 0,
    rejected: 0,
    reasons: {} as Record<string, number>,
  };
  const datasets = new Map<string, Tally>();
  const days = new Map<string, Tally>();
  const all = new Tally();
  const keys = new Set<string>();
  const files = filesBelow(folder);
  for (const { content } of files) {
    for (const text of content.replace(/\n$/, '').split('\n')) {
      const found = describeLine(Buffer.from(text, 'latin1'));
      lines.total++;
      if ('reason' in found) {
        lines.rejected++;
        lines.reasons[found.reason] = (lines.reasons[found.reason] ?? 0) + 1;
      } else if (!found.isKept) {
        lines.skipped++;
      } else {
        lines.kept++;
        const key = found.key as string;
        keys.add(key);
        const address = canonicalAddress(found.remoteIp as string);
        const groups = [
          all,
          tallyOf(datasets, key.split('/')[0]),
          tallyOf(days, found.time.slice(0, 10)),
        ];
        for (const group of groups) group.add(found.bytesSent ?? 0n, found.isDownload, address);
      }
    }
  }
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  return {
    written: { files: files.length, bytes },
    lines,
    keys: keys.size,
    datasets: Object.fromEntries([...datasets].map(([name, tally]) => [name, tally.all()])),
    archive: {
      ...all.all(),
      by_day: [...days].sort().map(([date, tally]) => ({ date, ...tally.sums() })),
    },
  };
}

function tallyOf(map: Map<string, Tally>, name: string): Tally {
  const tally = map.get(name) ?? new Tally();
  map.set(name, tally);
  return tally;
}

class Tally {
  #bytes = 0n;
  #requests = 0;
  #downloads = 0;
  readonly #addresses = new Set<string>();

  add(bytes: bigint, download: boolean, address: string): void {
    this.#bytes += bytes;
    this.#requests++;
    if (download) this.#downloads++;
    this.#addresses.add(address);
  }

  sums() {
    return {
      bytes_sent: this.#bytes.toString(),
      requests: this.#requests,
      downloads: this.#downloads,
    };
  }

  all() {
    return { ...this.sums(), requesters: this.#addresses.size };
  }
}

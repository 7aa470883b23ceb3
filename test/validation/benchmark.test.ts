import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateBenchmark } from '../../src/testing/generate-benchmark.js';
import { scratchDirectory } from '../support/scratch.js';
import { expectedCounts, type Weighed } from './oracle.js';
import { SoundLogs } from './sound-logs.js';

describe('made-up logs of a busy archive', () => {
  it('give exactly what their lines say, by every protocol', async () => {
    const directory = join(scratchDirectory(), 'logs');
    const truth = await generateBenchmark({
      directory,
      sizeMb: 4,
      fileSizeKb: 100,
      keys: 300,
      addresses: 100,
    });
    const expected = new Map<string, Weighed>();
    for (const name of readdirSync(directory)) {
      expectedCounts(name, readFileSync(join(directory, name)), expected);
    }
    const protocols = 'lines,downloads_logic,timestamps,late,http_split,extraction_heuristic';
    const report = await new SoundLogs(0).validate(protocols, { source: directory });
    const counted = report.protocols.flatMap(({ protocol, reasons }) =>
      reasons.map(({ reason, lines, records, bytes }) => [
        `${protocol} ${reason}`,
        [lines, records, BigInt(bytes)],
      ]),
    );
    expect(new Map(counted as [string, Weighed][])).toEqual(expected);
    // The truth, where it tells the same.
    const rejected = report.protocols[0]?.reasons ?? [];
    expect(Object.fromEntries(rejected.map(({ reason, lines }) => [reason, lines]))).toEqual(
      truth.lines.reasons,
    );
    for (const reason of ['downloads_logic no_bytes_sent', 'timestamps other_zone']) {
      expect(expected.get(reason)?.[0]).toBeGreaterThan(0);
    }
    expect([...expected.keys()].filter((reason) => /^late|out_of_order/.test(reason))).toEqual([]);
  });
});

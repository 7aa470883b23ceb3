import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cachePaths } from '../../cache/paths.js';
import { KeptFindings } from '../../validation/kept-findings.js';
import type { LogReport } from '../../validation/log-report.js';
import { protocolsOf } from '../../validation/protocols.js';
import { SoundLogs, soundLine } from './sound-logs.js';

// Built, because threads cannot start from TypeScript: `npm test` builds before it tests.
const dist = new URL('../../dist/', import.meta.url).href;
const { validateLogs } = (await import(
  `${dist}validation/validate-logs.js`
)) as typeof import('../../validation/validate-logs.js');

/** All of a report but how long it took. */
function said({ files, lines, bytes, protocols, findings }: LogReport) {
  return { files, lines, bytes, protocols, findings };
}

describe('any number of threads', () => {
  it('find the same in files of any size', async () => {
    const logs = new SoundLogs(300, 4);
    for (let file = 0; file < 300; file += 7) {
      logs.plant(file, 1, soundLine(file, { protocol: ' HTTP/2.0' }));
      logs.plant(file, 2, soundLine(file, { ip: '300.1.2.3' }));
      logs.plant(file + 1, 3, logs.files[(file * 11) % 300]?.lines[0] as string);
    }
    // One that is worth more than a task.
    const many = Array.from({ length: 12_000 }, (_, i) => soundLine(5000 + i, { sent: '1' }));
    logs.files[150]?.lines.push(...many);
    logs.write();
    const expected = said(await logs.validate('all', { maxFindings: 500 }));
    expect(expected.findings).toHaveLength(500);
    expect(expected.protocols.filter(({ findings }) => findings > 0)).toHaveLength(5);
    for (const workers of [1, 2, 5]) {
      const cache = cachePaths(join(logs.root, `cache-${workers}`));
      const report = await validateLogs({
        source: logs.source,
        protocols: protocolsOf('all'),
        workers,
        paths: cache,
        maxFindings: 500,
      });
      expect(said(report)).toEqual(expected);
    }
  });
});

describe('the findings that are told', () => {
  it('are the same in whatever order they come', () => {
    const all = Array.from({ length: 3000 }, (_, i) => ({
      path: `file-${i % 40}`,
      offset: (i * 7919) % 1000,
      protocol: i % 3,
      reason: i % 2,
    }));
    const told = (order: readonly number[], most: number) => {
      const kept = new KeptFindings(most);
      for (const i of order) kept.add(all[i] as (typeof all)[number]);
      return kept.sorted();
    };
    const numbers = all.map((_, i) => i);
    const orders = fc.shuffledSubarray(numbers, { minLength: numbers.length });
    fc.assert(
      fc.property(orders, fc.constantFrom(0, 1, 10, 700, 3000, 5000), (order, most) => {
        const kept = told(order, most);
        expect(kept).toEqual(told(numbers, 3000).slice(0, most));
      }),
      { numRuns: 20 },
    );
  });
});

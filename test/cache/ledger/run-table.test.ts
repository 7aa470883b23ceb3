import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileHash } from '../../../cache/ledger/file-hash.js';
import { RunTable } from '../../../cache/ledger/run-table.js';

/** Few, so that they meet. */
const file = fc.record({ high: fc.nat(2), low: fc.nat(3), stamp: fc.nat(2) });
const action = fc.oneof(
  fc.record({ kind: fc.constantFrom('plan', 'cancel', 'take'), file }),
  fc.record({ kind: fc.constant('commit'), file, ordinal: fc.nat(5) }),
);

function key({ high, low }: FileHash): string {
  return `${high} ${low}`;
}

describe('a table of the files of a run', () => {
  it('does as a list of them would', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const table = new RunTable();
        const planned = new Set<string>();
        let commits: { file: FileHash; ordinal: number }[] = [];
        for (const step of actions) {
          if (step.kind === 'plan') {
            table.plan(step.file);
            planned.add(key(step.file));
          } else if (step.kind === 'cancel') {
            table.cancel(step.file);
            planned.delete(key(step.file));
          } else if (step.kind === 'commit' && 'ordinal' in step) {
            table.commit(step.file, step.ordinal);
            planned.delete(key(step.file));
            commits.push({ file: step.file, ordinal: step.ordinal });
          } else {
            const { highs, lows, stamps, ordinals } = table.takeCommitted();
            const taken = [...highs].map((high, i) =>
              [high, lows[i], stamps[i], ordinals[i]].join(),
            );
            const expected = commits.map(({ file: { high, low, stamp }, ordinal }) =>
              [high, low, stamp, ordinal].join(),
            );
            expect(taken.sort()).toEqual(expected.sort());
            commits = [];
          }
          expect(table.committed).toBe(commits.length);
          for (const { file: some } of actions) {
            const same = commits.filter((commit) => key(commit.file) === key(some));
            expect(table.isPlanned(some)).toBe(planned.has(key(some)));
            expect(table.ordinals(some).sort()).toEqual(same.map(({ ordinal }) => ordinal).sort());
            expect(table.hasStamp(some)).toBe(same.some((c) => c.file.stamp === some.stamp));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('grows, and forgets what was removed when it must make room', () => {
    const table = new RunTable();
    const at = (i: number): FileHash => ({
      high: i,
      low: Math.imul(i, 0x9e3779b1) >>> 0,
      stamp: i,
    });
    for (let i = 0; i < 50_000; i++) {
      table.plan(at(i));
      if (i % 3 > 0) table.cancel(at(i));
      if (i % 3 === 0 && i % 2 === 0) table.commit(at(i), i);
    }
    let wrong = 0;
    for (let i = 0; i < 50_000; i++) {
      if (table.isPlanned(at(i)) !== (i % 6 === 3)) wrong++;
      if (table.ordinals(at(i)).join() !== (i % 6 === 0 ? `${i}` : '')) wrong++;
    }
    expect(wrong).toBe(0);
  });
});

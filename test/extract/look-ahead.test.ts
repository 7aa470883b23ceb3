import { describe, expect, it } from 'vitest';
import { LookAhead } from '../../src/extract/look-ahead.js';
import type { FilePlan, NewFile } from '../../src/extract/plan-files.js';

/** A plan of passes with so many files each. */
function planOf(...passes: number[]): FilePlan & { given: string[]; back: string[] } {
  let [pass, at] = [0, 0];
  const plan = {
    given: [] as string[],
    back: [] as string[],
    isComplete: false,
    isStopped: false,
    async next(): Promise<NewFile | undefined> {
      if (plan.isStopped) return undefined;
      if (at === passes[pass]) {
        at = 0;
        plan.isComplete = ++pass === passes.length;
        return undefined;
      }
      const name = `${pass}/${at++}`;
      plan.given.push(name);
      return { name, sizeBytes: 10 } as NewFile;
    },
    stop: () => {
      plan.isStopped = true;
    },
    giveBack: (file: NewFile) => plan.back.push(file.name),
  };
  return plan as unknown as FilePlan & { given: string[]; back: string[] };
}

async function drain(ahead: LookAhead): Promise<string[]> {
  const names: string[] = [];
  for (let item = await ahead.next(); !item.done; item = await ahead.next()) {
    names.push(item.value.name);
  }
  return names;
}

describe('looking ahead', () => {
  it('goes through one pass after the other, and is complete after the last', async () => {
    const ahead = new LookAhead(planOf(2, 0, 3), Number.POSITIVE_INFINITY);
    expect(await drain(ahead)).toEqual(['0/0', '0/1']);
    expect(ahead.isComplete).toBe(false);
    expect(await drain(ahead)).toEqual([]);
    expect(ahead.nextPass(Number.POSITIVE_INFINITY)).toBe(true);
    expect(await drain(ahead)).toEqual([]);
    expect(ahead.nextPass(Number.POSITIVE_INFINITY)).toBe(true);
    expect(await drain(ahead)).toEqual(['2/0', '2/1', '2/2']);
    expect(ahead.isComplete).toBe(true);
    expect(ahead.nextPass(Number.POSITIVE_INFINITY)).toBe(false);
    expect(ahead.planned).toEqual({ files: 5, bytes: 50 });
  });

  it('hands out no more than the limit, sees all, and gives back what is beyond', async () => {
    const plan = planOf(300, 300);
    const ahead = new LookAhead(plan, 290);
    expect(await drain(ahead)).toHaveLength(290);
    // Five of them could not be read.
    expect(ahead.nextPass(5)).toBe(true);
    expect(await drain(ahead)).toEqual(['1/0', '1/1', '1/2', '1/3', '1/4']);
    expect(plan.given).toHaveLength(600);
    expect(plan.back).toHaveLength(305);
  });

  it('is never far ahead', async () => {
    const plan = planOf(150_000);
    const ahead = new LookAhead(plan, Number.POSITIVE_INFINITY);
    await ahead.next();
    while (plan.given.length < 100_000) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(plan.given.length).toBeLessThan(100_010);
    expect(await drain(ahead)).toHaveLength(149_999);
  });

  it('ends when it is told to', async () => {
    const plan = planOf(50_000);
    const ahead = new LookAhead(plan, Number.POSITIVE_INFINITY);
    await ahead.next();
    await ahead.return();
    expect(plan.isStopped).toBe(true);
    await drain(ahead);
    expect(plan.given.length).toBeLessThan(50_000);
  });
});

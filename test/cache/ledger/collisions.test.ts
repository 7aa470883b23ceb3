import { describe, expect, it, vi } from 'vitest';
import { Ledger, PLANNED } from '../../../cache/ledger.js';
import { HELD, LedgerCache, type SomeFile } from '../../support/ledger-cache.js';

// All names have one of two hashes, so that whatever may happen once in 10^5 archives happens here.
vi.mock('../../../cache/ledger/file-hash.js', async (load) => {
  const { hashFile } = await load<typeof import('../../../cache/ledger/file-hash.js')>();
  return {
    hashFile: (name: string, sizeBytes: number, modifiedMs: number) => ({
      ...hashFile(name, sizeBytes, modifiedMs),
      high: 5,
      low: name.length % 2,
    }),
  };
});

const file = (name: string): SomeFile => ({ name, sizeBytes: 30, modifiedMs: 1_700_000_000_000 });
const touched = (name: string): SomeFile => ({ ...file(name), modifiedMs: 5 });

async function answer(ledger: Ledger, { name, sizeBytes, modifiedMs }: SomeFile): Promise<unknown> {
  const state = ledger.lookUp(name, sizeBytes, modifiedMs);
  if (typeof state === 'string' || state === PLANNED) return state;
  return (await ledger.find(state, name)) === undefined ? 'new' : 'changed';
}

describe('log files whose names have the same hash', () => {
  it('are neither lost nor counted twice, be they in the index or of this run', async () => {
    const cache = new LedgerCache();
    const ledger = await Ledger.open(cache.paths, HELD);
    const plan = (name: string): void => {
      ledger.plan(name, file(name).sizeBytes, file(name).modifiedMs);
    };
    const names = ['a', 'b', 'c', 'dd', 'ee', 'f'];
    for (const name of names.slice(0, -1)) {
      expect(await answer(ledger, file(name))).toBe('new');
      plan(name);
      // One of the same hash waits for it, whatever its name.
      expect(await answer(ledger, file(`${name}__`))).toBe(PLANNED);
      ledger.add(cache.commit([file(name)]), [file(name)]);
    }
    const check = async (one: Ledger): Promise<void> => {
      for (const name of names.slice(0, -1)) {
        expect(await answer(one, file(name))).toBe('same');
        expect(await answer(one, touched(name))).toBe('changed');
      }
      expect(await answer(one, file('f'))).toBe('new');
      expect(await answer(one, file('gg'))).toBe('new');
    };
    await check(ledger);
    ledger.save();
    await check(ledger);
    // One of the index and one of this run.
    plan('f');
    ledger.add(cache.commit([file('f')]), [file('f')]);
    expect(await answer(ledger, touched('f'))).toBe('changed');
    expect(await answer(ledger, touched('a'))).toBe('changed');
    ledger.finish();
    const next = await Ledger.open(cache.paths);
    for (const name of names) expect(await answer(next, touched(name))).toBe('changed');
    next.close();
  });

  it('wait when one is in hand, and the other is new when it has failed', async () => {
    const ledger = await Ledger.open(new LedgerCache().paths, HELD);
    ledger.plan('a', 1, 2);
    expect(await answer(ledger, file('b'))).toBe(PLANNED);
    ledger.fail('a');
    expect(await answer(ledger, file('b'))).toBe('new');
  });
});

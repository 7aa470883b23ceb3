import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { RequestFailure } from '../../src/ip/lookup/retry.js';
import { ExcerptStore, type ExcerptStoreOptions } from '../../src/spool/excerpt-store.js';
import { type SpoolPaths, spoolPaths } from '../../src/spool/spool-paths.js';
import { scratchDirectory } from '../support/scratch.js';

let paths: SpoolPaths;
let warnings: string[];
let put: string[];
let fails: RequestFailure | undefined;
beforeEach(() => {
  paths = spoolPaths(scratchDirectory());
  warnings = [];
  put = [];
  fails = undefined;
});

function storeWith(options: Partial<ExcerptStoreOptions> = {}): ExcerptStore {
  return new ExcerptStore(paths, {
    remote: {
      host: 'store.example.org',
      put: async (name) => {
        put.push(name);
        if (fails !== undefined) throw fails;
        return `https://store.example.org/${name}`;
      },
    },
    onWarning: (message) => warnings.push(message),
    shouldStop: () => false,
    ...options,
  });
}

function nameOf(text: string): string {
  return `${createHash('sha256').update(text).digest('hex')}.txt`;
}

describe('a store', () => {
  it('gets the same text once, and again once it has been forgotten', async () => {
    const store = storeWith({ mostRemembered: 3 });
    for (const text of ['a', 'b', 'a', 'c', 'a', 'd', 'a', 'b']) {
      const { url } = await store.put(text);
      expect(url).toBe(`https://store.example.org/${nameOf(text)}`);
    }
    // `a` was met all the time, `b` not.
    expect(put).toEqual(['a', 'b', 'c', 'd', 'b'].map(nameOf));
    expect(warnings).toEqual([]);
  });

  it('that fails is asked a few times in a round, and again in the next', async () => {
    const store = storeWith();
    fails = new RequestFailure('passing', 'no answer (ECONNREFUSED)');
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      expect((await store.put(text)).url).toBe(`.s3logextraction/excerpts/${nameOf(text)}`);
    }
    expect(put).toHaveLength(3);
    expect([...new Set(warnings)]).toEqual([
      'Could not send excerpts to store.example.org: no answer (ECONNREFUSED); they stay in the spool.',
    ]);
    expect(readdirSync(paths.excerpts).sort()).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map(nameOf).sort(),
    );
    fails = undefined;
    expect((await store.put('a')).isSent).toBe(false);
    store.beginRound();
    expect((await store.put('a')).isSent).toBe(true);
  });

  it('that takes long is not asked for the rest of the round', async () => {
    const store = storeWith({ roundMs: Number.MIN_VALUE });
    expect((await store.put('a')).isSent).toBe(true);
    expect((await store.put('b')).isSent).toBe(false);
    // What it has is known all the same.
    expect((await store.put('a')).isSent).toBe(true);
    expect(put).toEqual([nameOf('a')]);
    expect(warnings).toEqual([expect.stringContaining('takes long')]);
    store.beginRound();
    expect((await store.put('b')).isSent).toBe(true);
  });

  it('is not asked any more once the run is to stop', async () => {
    const store = storeWith({ shouldStop: () => true });
    expect((await store.put('a')).isSent).toBe(false);
    expect([put, warnings]).toEqual([[], []]);
  });
});

describe('the spool', () => {
  it('keeps a text once, whole, and replaces what is not it', async () => {
    const store = storeWith({ remote: undefined });
    const path = join(paths.excerpts, nameOf('text'));
    mkdirSync(paths.excerpts, { recursive: true, mode: 0o700 });
    const elsewhere = join(paths.root, 'elsewhere');
    writeFileSync(elsewhere, 'TEXT');
    symlinkSync(elsewhere, path);
    for (let n = 0; n < 2; n++) {
      expect(await store.put('text')).toEqual({
        url: `.s3logextraction/excerpts/${nameOf('text')}`,
        isSent: false,
      });
    }
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(readFileSync(elsewhere, 'utf8')).toBe('TEXT');
    // Left half written by the power failing.
    writeFileSync(path, 'te');
    await store.put('text');
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(readdirSync(paths.own)).toEqual(['excerpts']);
  });

  it('that has a link in the place of its folder keeps nothing', async () => {
    const elsewhere = scratchDirectory();
    mkdirSync(paths.own, { mode: 0o700 });
    rmSync(paths.excerpts, { recursive: true, force: true });
    symlinkSync(elsewhere, paths.excerpts);
    await expect(storeWith({ remote: undefined }).put('text')).rejects.toMatchObject({
      code: 'SPOOL_FOLDER',
    });
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

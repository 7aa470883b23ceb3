import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readCacheCopy, usableCopy, writeCacheCopy } from '../../cache/cache-copy.js';
import { type CacheFile, cacheFileText, readCacheFile } from '../../cache/cache-file.js';
import {
  openCacheForReading,
  openCacheForWriting,
  repairCacheFile,
} from '../../cache/open-cache.js';
import { type CachePaths, cachePaths } from '../../cache/paths.js';
import { scratchDirectory } from '../support/scratch.js';

let paths: CachePaths;
let env: NodeJS.ProcessEnv;
let text: Buffer;

beforeEach(async () => {
  const scratch = scratchDirectory();
  paths = cachePaths(join(scratch, 'cache'));
  env = { S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config') };
  await write();
  text = readFileSync(paths.cacheFile);
});

/** As a writer with the key opens and closes it. */
async function write(): Promise<void> {
  (await openCacheForWriting(paths.root, { command: 'extract', env })).close();
}

function repair(as = env): Promise<boolean> {
  return repairCacheFile(paths.root, { command: 'repair', env: as });
}

/** One bit of each byte, another one for each. */
function* flipped(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at++) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] as number) ^ (1 << ((at * 5) % 8));
    yield other;
  }
}

describe('the second copy of cache.json', () => {
  it('is made with the cache, and by the next writer with a key where it is missing or damaged', async () => {
    expect(readCacheCopy(paths)).toEqual(readCacheFile(paths));
    const copy = readFileSync(paths.cacheCopy);
    rmSync(paths.cacheCopy);
    const keyless = { command: 'update', env, needsKey: false } as const;
    (await openCacheForWriting(paths.root, keyless)).close();
    // Without the key nobody knows whether cache.json is right.
    expect(readCacheCopy(paths)).toBeUndefined();
    await write();
    expect(readFileSync(paths.cacheCopy)).toEqual(copy);
    writeFileSync(paths.cacheCopy, copy.subarray(1));
    await write();
    expect(readFileSync(paths.cacheCopy)).toEqual(copy);
  });

  it('is known to be damaged by any bit', () => {
    for (const damaged of flipped(readFileSync(paths.cacheCopy))) {
      writeFileSync(paths.cacheCopy, damaged);
      expect(() => readCacheCopy(paths)).toThrow(
        expect.objectContaining({ code: 'CACHE_DAMAGED' }),
      );
    }
  });

  it('restores cache.json, whatever bit of it was changed', async () => {
    for (const damaged of flipped(text)) {
      writeFileSync(paths.cacheFile, damaged);
      const opened = await write().then(
        () => 'as if whole',
        ({ code, hint }) => [code, /repair|Install the current version/.test(hint)],
      );
      // Only what is not said of the key can be read as if nothing had happened.
      if (opened !== 'as if whole')
        expect(opened).toEqual([expect.stringMatching(/^CACHE_(DAMAGED|NEWER)$/), true]);
      expect(await repair()).toBe(true);
      expect(readFileSync(paths.cacheFile)).toEqual(text);
    }
    await write();
    expect(await repair()).toBe(false);
  });

  it('is named where cache.json is missing, cut, or of another key', async () => {
    const other = {
      ...readCacheFile(paths),
      key: { ...readCacheFile(paths)?.key, check: 'a'.repeat(32) },
    };
    for (const content of [undefined, text.subarray(0, 40), cacheFileText(other as CacheFile)]) {
      rmSync(paths.cacheFile);
      if (content !== undefined) writeFileSync(paths.cacheFile, content);
      const error = await write().catch((reason) => reason);
      expect(error).toMatchObject({
        code: 'CACHE_DAMAGED',
        hint: expect.stringContaining('cache.json.copy'),
      });
      expect(error.message).toContain(paths.cacheFile);
      if (content === undefined) expect(() => openCacheForReading(paths.root)).toThrow(/missing/);
      expect(await repair()).toBe(true);
      expect(readFileSync(paths.cacheFile)).toEqual(text);
    }
  });

  it('is not believed where the key opens cache.json, as after a change of the key by an earlier version', async () => {
    const file = readCacheFile(paths) as CacheFile;
    writeCacheCopy(paths, { ...file, key: { ...file.key, check: 'b'.repeat(32) } });
    expect(await repair()).toBe(false);
    expect(readFileSync(paths.cacheFile)).toEqual(text);
    await write();
    expect(usableCopy(paths)).toEqual(file);
  });

  it('opens nothing without the key, and restores nothing with another one', async () => {
    rmSync(paths.cacheFile);
    const stranger = { S3_LOG_EXTRACTION_CONFIG_DIR: join(paths.root, '..', 'elsewhere') };
    await expect(repair(stranger)).rejects.toMatchObject({
      code: expect.stringContaining('KEY_FILE'),
    });
    writeFileSync(paths.cacheCopy, 'damaged as well');
    await expect(repair()).rejects.toMatchObject({
      code: 'CACHE_DAMAGED',
      hint: expect.stringContaining('backup'),
    });
  });
});

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readMapping } from '../../src/datasets/read-mapping.js';

test.skipIf(!existsSync('/dev/zero'))(
  'a mapping that never ends is refused before it fills the memory',
  async () => {
    const before = process.memoryUsage().rss;
    await expect(readMapping('/dev/zero')).rejects.toMatchObject({
      message: expect.stringMatching(/\/dev\/zero.*it has more than 268435456 bytes/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(700 << 20);
  },
);

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ListedFilesAccount, listedFiles } from '../../../src/source/inventory/listed-files.js';
import { listedPath, prefixFolder } from '../../../src/source/inventory/listed-path.js';
import { openInventory } from '../../../src/source/inventory/open-inventory.js';
import { type LogPath, logPath } from '../../../src/source/log-path.js';
import { logHour } from '../../../src/source/log-period.js';
import { writeCsvInventory } from '../../support/inventory-writer.js';
import { scratchDirectory } from '../../support/scratch.js';

const name = (n: number): string =>
  `2024-07-21-05-00-00-${n.toString(16).toUpperCase().padStart(16, '0')}`;

describe('files that an inventory lists', () => {
  it('are found among thousands, in whatever form they are stored, and those missing are counted', async () => {
    const root = scratchDirectory();
    mkdirSync(join(root, 'ümlaut'));
    const forms = ['', '.gz', '.zst'];
    const objects: { key: string }[] = [];
    const expected: string[] = [];
    const known = new Set<string>();
    const missing: string[] = [];
    for (let n = 0; n < 2200; n++) {
      const plain = n % 7 === 0 ? `ümlaut/${name(n)}` : name(n);
      const listed = `${plain}${forms[n % 3]}`;
      objects.push({ key: `logs/${listed}` });
      if (n % 10 < 8) {
        const stored = `${plain}${forms[(n >> 1) % 3]}`;
        writeFileSync(join(root, stored), 'x'.repeat(n % 5));
        expected.push(`${join(root, stored)} ${n % 5}`);
      } else if (n % 10 === 8) known.add(listed);
      else missing.push(listed);
    }
    writeFileSync(join(root, name(99_999)), 'not listed');
    const destination = join(scratchDirectory(), 'inventory');
    writeCsvInventory(destination, [objects.slice(0, 1500), objects.slice(1500)]);
    const account = new ListedFilesAccount();
    const text = (path: LogPath): string => Buffer.from(path, 'latin1').toString('utf8');
    const found: string[] = [];
    const entries = listedFiles(logPath(root), await openInventory(destination), {
      prefix: 'logs/',
      isKnown: (path) => known.has(text(path)),
      account,
    });
    for await (const some of entries) {
      for (const entry of some) {
        if (entry.kind !== 'file') throw new Error(entry.reason);
        found.push(`${text(entry.path)} ${entry.sizeBytes}`);
      }
    }
    expect(found.sort()).toEqual(expected.sort());
    expect(account).toMatchObject({
      files: 2200,
      missing: missing.length,
      extractedAndGone: known.size,
    });
    expect(account.missingNames.map(text)).toHaveLength(20);
    expect(missing).toEqual(expect.arrayContaining(account.missingNames.map(text)));
  });

  it.each([
    ['logs/', `logs/a/${name(1)}`, `a/${name(1)}`],
    ['logs', `logs/${name(1)}.gz`, `${name(1)}.gz`],
    ['s3://bucket/logs/x//', `logs/x/prefix-${name(1)}`, `prefix-${name(1)}`],
    ['s3://bucket', `logs/${name(1)}`, `logs/${name(1)}`],
    [undefined, `日本/${name(1)}`, `日本/${name(1)}`],
    ['logs', `logs2/${name(1)}`, 'outside'],
    ['logs', name(1), 'outside'],
    ['', `/${name(1)}`, 'unsafe'],
    ['', `a//${name(1)}`, 'unsafe'],
    ['', `../${name(1)}`, 'unsafe'],
    ['logs', `logs/../../${name(1)}`, 'unsafe'],
    ['', `a/./${name(1)}`, 'unsafe'],
    ['', `a\0/${name(1)}`, 'unsafe'],
    ['', `a\\..\\${name(1)}`, 'unsafe'],
    ['', `.git/${name(1)}`, 'hidden'],
    ['', 'notes.txt', 'other'],
    ['', `${name(1)}/`, 'other'],
    ['', 'a/2024-13-01-00-00-00-0123456789ABCDEF', 'other'],
  ])('below %j: %j is %j', (prefix, key, expected) => {
    const listed = listedPath(logPath(key), prefixFolder(prefix));
    expect(typeof listed === 'string' ? listed : listed.path).toBe(logPath(expected));
  });

  it.each([
    ['2024-02-29-23-59-59-0123456789ABCDEF', '2024-02-29T23'],
    ['2023-02-29-23-59-59-0123456789ABCDEF', undefined],
    ['a/2024-07-21/2024-07-22-01-00-00-abc.gz', '2024-07-22T01'],
    ['2024-07-22-24-00-00-abc', undefined],
    ['2024-07-22-23-60-00-abc', undefined],
    ['1999-07-22-23-00-00-abc', undefined],
    ['2024-07-22-23-00-00-abc/other', undefined],
  ])('the hour of %j is %j', (path, hour) => {
    expect(logHour(path)).toBe(hour);
  });
});

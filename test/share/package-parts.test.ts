import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CollectedFile } from '../../src/share/collect/collect-files.js';
import { packFiles } from '../../src/share/package/pack-files.js';
import { packageLimits } from '../../src/share/package/package-limits.js';
import {
  archiveBytes,
  inOrder,
  type PartFile,
  planPackages,
} from '../../src/share/package/package-parts.js';
import { openPackage, requireConsistent } from '../support/packages.js';
import { scratchDirectory } from '../support/scratch.js';

const config = part('config.json', 400);

function part(name: string, sizeBytes: number): PartFile {
  const format = name.endsWith('.json') ? 'json' : 'csv';
  return { name, format, version: '1.0', sizeBytes, sha256: 'a'.repeat(64) };
}

const someFiles = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/), fc.boolean()), {
    selector: ([stem]) => stem,
    maxLength: 25,
  })
  .chain((names) =>
    fc.tuple(
      ...names.map(([stem, isJson]) =>
        fc
          .integer({ min: 0, max: 60_000 })
          .map((size) => part(`${stem}.${isJson ? 'json' : 'csv'}`, size)),
      ),
    ),
  );

describe('the plan of packages', () => {
  it('has every file once, none too large but by itself, JSON first, each where there was room', () => {
    fc.assert(
      fc.property(someFiles, fc.integer({ min: 10_000, max: 120_000 }), (files, limit) => {
        const plan = planPackages(files, config, limit);
        expect(
          plan
            .flat()
            .map(({ name }) => name)
            .sort(),
        ).toEqual(files.map(({ name }) => name).sort());
        for (const [at, held] of plan.entries()) {
          expect(held.length).toBeGreaterThan(0);
          expect(held).toEqual(inOrder(held));
          const size = archiveBytes([config, ...held]);
          if (size > limit) expect(held).toHaveLength(1);
          // What is in a later package did not fit into this one, as it was then.
          for (const later of plan.slice(at + 1).flat()) {
            const before = held.filter((one) => inOrder([one, later]).indexOf(one) === 0);
            if (before.length === 0) continue;
            expect(archiveBytes([config, ...before, later])).toBeGreaterThan(limit);
          }
        }
      }),
    );
  });

  it('is the same whatever the order of files', () => {
    fc.assert(
      fc.property(
        someFiles.chain((files) =>
          fc.tuple(
            fc.constant(files),
            fc.shuffledSubarray([...files], { minLength: files.length }),
          ),
        ),
        ([files, shuffled]) => {
          expect(planPackages(shuffled, config, 90_000)).toEqual(
            planPackages(files, config, 90_000),
          );
        },
      ),
    );
  });
});

/** Files as a collector would have written them. */
function collected(folder: string, contents: Readonly<Record<string, string>>): CollectedFile[] {
  mkdirSync(folder);
  return Object.entries(contents).map(([name, text]) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { ...part(name, Buffer.byteLength(text)), path, sha256 } as unknown as CollectedFile;
  });
}

describe('packages', () => {
  const random = (bytes: number, seed: number): string => {
    let text = '';
    for (let i = 0; text.length < bytes; i++) {
      text += `${createHash('sha256').update(`${seed} ${i}`).digest('hex')},${i}\n`;
    }
    return text;
  };

  it('are as large as was planned, to the byte, and split where they are not within limits', async () => {
    const folder = scratchDirectory();
    const contents = {
      'config.json': '{}\n',
      'a.json': `{"a":"${'x'.repeat(5000)}"}\n`,
      'b.csv': `h,n\n${random(55_000, 1)}`,
      'c.csv': `h,n\n${random(9_000, 2)}`,
      'd.csv': `h,n\n"a\nb",1\n"c""\n",2\n`,
    };
    const [own, ...files] = collected(join(folder, 'in'), contents);
    const limits = packageLimits({ uncompressedBytes: 60_000, packedBytes: 12_000 });
    const out = join(folder, 'out');
    mkdirSync(out);
    const changedAt = '2026-03-01T10:11:12.345Z';
    const options = { limits, group: 'usage', changedAt, folder: out };
    const packages = await packFiles(files, own, options);
    const seen = new Map<string, string>();
    for (const { name, sizeBytes, uncompressedBytes } of packages) {
      const opened = await openPackage(name, readFileSync(join(out, name)));
      requireConsistent(opened);
      expect([sizeBytes, uncompressedBytes]).toEqual([
        opened.packedBytes,
        opened.uncompressedBytes,
      ]);
      expect(sizeBytes).toBeLessThanOrEqual(12_000);
      expect(uncompressedBytes).toBeLessThanOrEqual(60_000);
      for (const [file, text] of opened.files) seen.set(file, text);
      for (const header of opened.headers) {
        expect(header).toEqual({
          mode: 0o644,
          uid: 0,
          gid: 0,
          uname: '',
          gname: '',
          mtime: '2026-03-01T10:11:12.000Z',
        });
      }
    }
    expect(seen.get('a.json')).toBe(contents['a.json']);
    expect(seen.get('d.csv')).toBe(contents['d.csv']);
    const parts = [...seen].filter(([name]) => /^b-[ab]+\.csv$/.test(name)).sort();
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.every(([, text]) => text.startsWith('h,n\n'))).toBe(true);
    expect(`h,n\n${parts.map(([, text]) => text.slice(4)).join('')}`).toBe(contents['b.csv']);
  });

  it('have the bytes and names that they had, made of equal files by another process at another time', async () => {
    const folder = scratchDirectory();
    const contents = { 'config.json': '{}\n', 'a.json': '1\n', 'b.csv': `h,n\n${random(3e5, 3)}` };
    const made: Buffer[] = [];
    const names: string[] = [];
    for (const run of ['one', 'two']) {
      const [own, ...files] = collected(join(folder, run), contents);
      const out = join(folder, `${run}-out`);
      mkdirSync(out);
      const options = { group: 'usage', changedAt: '2026-03-01T10:11:12Z', folder: out };
      const [packed] = await packFiles(files.reverse(), own, {
        ...options,
        limits: packageLimits(),
      });
      names.push(packed.name);
      made.push(readFileSync(join(out, packed.name)));
    }
    expect(names[0]).toBe(names[1]);
    expect(made[0].equals(made[1])).toBe(true);
    // No time of compression, an unknown system.
    expect([...made[0].subarray(4, 10)]).toEqual([0, 0, 0, 0, 0, 255]);
  });

  it('are refused where a file changed since it was gathered', async () => {
    const folder = scratchDirectory();
    const [own, file] = collected(join(folder, 'in'), { 'config.json': '{}\n', 'a.json': '12\n' });
    writeFileSync(file.path, '13\n');
    const options = { group: 'usage', changedAt: '2026-03-01T10:11:12Z', folder };
    await expect(
      packFiles([file], own, { ...options, limits: packageLimits() }),
    ).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
  });
});

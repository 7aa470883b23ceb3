import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKeyLength } from '../../src/extract/content-key.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount, scanLines } from '../../src/extract/scan-lines.js';
import { logLine } from '../support/truth.js';

const batch = new RecordBatch({ rows: 1 << 12, keyBytes: 1 << 20 }, { mode: 'dandi' });

/** By words, not by bytes. */
function expectedKey(key: string): string | undefined {
  const blob =
    /^blobs\/([0-9a-f]{3})\/([0-9a-f]{3})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
  const found = blob.exec(key);
  if (found !== null) return found[3]?.startsWith(`${found[1]}${found[2]}`) ? key : undefined;
  return /^zarr\/[^/]+/.exec(key)?.[0];
}

const hex = (n: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: n, maxLength: n });
const blobs = fc
  .tuple(hex(8), hex(4), hex(4), hex(4), hex(12))
  .map((parts) => parts.join('-'))
  .map((id) => `blobs/${id.slice(0, 3)}/${id.slice(3, 6)}/${id}`);
const zarrs = fc
  .tuple(hex(5), fc.constantFrom('', '/', '/0/1', '/.zattrs'))
  .map((p) => `zarr/${p.join('')}`);
const others = fc.constantFrom(
  'zarr/',
  'zarr',
  'zarr//x',
  'blobs/',
  'blob',
  'Zarr/x',
  'data/zarr/x',
  'b',
);
/** One character of a key changed, dropped or doubled. */
const mutated = fc
  .tuple(fc.oneof(blobs, zarrs), fc.nat(), fc.constantFrom('', 'g', 'A', '/', '-', '0', 'zz'))
  .map(([key, at, by]) => key.slice(0, at % key.length) + by + key.slice((at % key.length) + 1));
const keys = fc.oneof(blobs, zarrs, others, mutated).filter((key) => key !== '' && key !== '-');

/** The key that a batch keeps of one line, and its account. */
function kept(key: string, agent: string) {
  batch.clear();
  const account = emptyAccount();
  const text = `${logLine({ key, time: 1e9, client: 1, agent })}\n`;
  const end = batch.input.write(text, 'latin1');
  scanLines(batch, 0, end, true, 0, end, 'log', account);
  const { bytes, count } = batch.keys;
  return { key: count === 0 ? undefined : Buffer.from(bytes).toString('latin1'), account };
}

describe('content of a DANDI archive', () => {
  it('is kept by the core and by the careful parser as the words of its rule say', () => {
    fc.assert(
      fc.property(keys, fc.constantFrom('plain/1.0', 'odd [agent]'), (key, agent) => {
        const expected = expectedKey(key);
        const { key: found, account } = kept(key, agent);
        expect(found).toBe(expected);
        expect(account).toMatchObject({
          lines: 1,
          rejected: 0,
          kept: expected === undefined ? 0 : 1,
        });
        expect(account.kept + account.skipped).toBe(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('is found within other bytes', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const bytes = Buffer.from(`zarr/${key}/blobs/`, 'latin1');
        const length = contentKeyLength(bytes, 5, 5 + key.length);
        expect(length).toBe(expectedKey(key)?.length ?? 0);
      }),
    );
  });
});

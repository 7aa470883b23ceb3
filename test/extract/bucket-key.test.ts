import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount, scanLines } from '../../src/extract/scan-lines.js';

const batch = new RecordBatch({ rows: 1 << 14, keyBytes: 1 << 22 }, { mode: 'buckets' });

/** Keys of the records of some lines, in their order. */
function keysOf(lines: readonly string[]): string[] {
  batch.clear();
  const account = emptyAccount();
  const end = batch.input.write(`${lines.join('\n')}\n`, 'utf8');
  scanLines(batch, 0, end, true, 0, end, 'log', account);
  expect(account).toMatchObject({ lines: account.kept, rejected: 0 });
  const { bytes, offsets } = batch.keys;
  return Array.from(batch.keyIds.subarray(0, batch.rows), (id) =>
    Buffer.from(bytes.subarray(offsets[id], offsets[id + 1])).toString('utf8'),
  );
}

/** @param agent with a bracket in it: a line for the careful parser */
function logLine(bucket: string, key: string, agent = '-'): string {
  return `o ${bucket} [06/Feb/2019:00:00:38 +0000] 192.0.2.1 - ID REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" 200 - 7 7 1 1 "-" "${agent}" -`;
}

function structured(bucket: string, key: string): string {
  return JSON.stringify({
    schema_version_id: 'V_1_0',
    bucket_name: bucket,
    request_time: '2026-11-01T10:00:00.123Z',
    remote_ip: '203.0.113.9',
    operation: 'REST.GET.OBJECT',
    key_name: key,
    http_status: 200,
    bytes_sent_size: 7,
  });
}

const buckets = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '-', '.', '_', ':', '$', 'Z', '0'), minLength: 1 }),
  fc.string({ unit: fc.constantFrom('a', '/', '%', '"', 'ü', '\u007f'), minLength: 1 }),
  fc.constantFrom('-', 'x'.repeat(255), '__proto__', '[x]'),
);
const keys = fc
  .array(fc.constantFrom('a', 'b', 'ds1', '.', '-'), { minLength: 1, maxLength: 5 })
  .map((parts) => `k${parts.join('/')}`);

/** As it is stated. */
const statedKey = (bucket: string, key: string): string =>
  `${/^(?!.*["%/])[!-~]+$/.test(bucket) ? bucket : '-'}/${key}`;

describe('in buckets mode keys', () => {
  it('have their bucket before them, in lines that the core takes, in others and in structured records', () => {
    const line = fc.tuple(buckets, keys, fc.constantFrom('usual', 'odd', 'structured'));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 600 }), (all) => {
        const found = keysOf(
          all.map(([bucket, key, form]) => {
            if (form === 'structured') return structured(bucket, key);
            return logLine(bucket, key, form === 'odd' ? '[x' : '-');
          }),
        );
        expect(found).toEqual(all.map(([bucket, key]) => statedKey(bucket, key)));
      }),
      { numRuns: 150 },
    );
  });

  it('are those of many lines that wait together', () => {
    const all = Array.from({ length: 3_000 }, (_, n) => [`b${n % 7}`, `k/${n % 600}`] as const);
    expect(keysOf(all.map(([bucket, key]) => logLine(bucket, key)))).toEqual(
      all.map(([bucket, key]) => `${bucket}/${key}`),
    );
  });

  it('of structured records with a bucket that none can be have a dash', () => {
    for (const bucket of ['', 'a b', 'ü', 'a\nb', 'x'.repeat(256), 'a/b']) {
      expect(keysOf([structured(bucket, 'k')])).toEqual(['-/k']);
    }
  });
});

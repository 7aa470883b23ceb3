import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectRows } from '../../src/extract/select-rows.js';

describe('rows by themselves', () => {
  it('are what they were, with their own keys and requesters only', () => {
    const row = fc.record({
      key: fc.nat(6),
      requester: fc.nat(4),
      time: fc.nat(),
      low: fc.nat(),
      high: fc.nat(1000),
      download: fc.nat(1),
      isChosen: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 50 }), (rows) => {
        const texts = ['a', 'ds/é', '', 'long'.repeat(9), 'b', 'c', 'd'].map((text) =>
          Buffer.from(text),
        );
        const offsets = new Uint32Array(texts.length + 1);
        texts.forEach((text, at) => {
          offsets[at + 1] = offsets[at] + text.length;
        });
        const columns = {
          rows: rows.length,
          keys: { bytes: Buffer.concat(texts), offsets, count: texts.length },
          keyIds: Uint32Array.from(rows, ({ key }) => key),
          times: Float64Array.from(rows, ({ time }) => time),
          requesters: Uint8Array.from({ length: 5 * 16 }, (_, at) => at),
          requesterIds: Uint32Array.from(rows, ({ requester }) => requester),
          bytesLow: Uint32Array.from(rows, ({ low }) => low),
          bytesHigh: Uint32Array.from(rows, ({ high }) => high),
          downloads: Uint8Array.from(rows, ({ download }) => download),
        };
        const chosen = Uint32Array.from(rows.flatMap(({ isChosen }, at) => (isChosen ? [at] : [])));
        const found = selectRows(columns, chosen);
        const read = (of: typeof columns, at: number) => {
          const key = of.keyIds[at];
          const requester = of.requesterIds[at];
          return [
            Buffer.from(of.keys.bytes.subarray(of.keys.offsets[key], of.keys.offsets[key + 1])),
            of.requesters.slice(requester * 16, requester * 16 + 16),
            of.times[at],
            of.bytesLow[at],
            of.bytesHigh[at],
            of.downloads[at],
          ];
        };
        expect(found.rows).toBe(chosen.length);
        chosen.forEach((old, at) => {
          expect(read(found as typeof columns, at)).toEqual(read(columns, old));
        });
        expect(found.keys.count).toBe(new Set([...chosen].map((at) => columns.keyIds[at])).size);
        const requesters = new Set([...chosen].map((at) => columns.requesterIds[at]));
        expect(found.requesters.length).toBe(requesters.size * 16);
      }),
    );
  });
});

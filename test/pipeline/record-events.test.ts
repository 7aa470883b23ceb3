import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressRanges } from '../../src/pipeline/address-ranges.js';
import { PipelineFileError, parsePipeline } from '../../src/pipeline/pipeline-file.js';
import { RecordEvents } from '../../src/pipeline/record-events.js';

function eventsOf(rows: number): RecordEvents {
  return new RecordEvents({
    rows,
    keyIds: new Uint32Array(rows),
    times: new Float64Array(rows),
    requesterIds: new Uint32Array(rows),
    bytesLow: new Uint32Array(rows).fill(7),
    bytesHigh: new Uint32Array(rows).fill(1),
    downloads: new Uint8Array(rows),
    agentIds: undefined,
    keyText: (id) => `key ${id}`,
    agentText: () => '',
    internKey: () => 5,
    requestersIn: () => Uint8Array.of(0, 1),
  });
}

describe('records in columns', () => {
  it('come apart by their tags, each kept row once', () => {
    const tag = fc.constantFrom('robot', 'a', 'b9');
    const row = fc.record({ tags: fc.array(tag, { maxLength: 4 }), isDropped: fc.boolean() });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const events = eventsOf(rows.length);
        rows.forEach(({ tags, isDropped }, at) => {
          for (const one of tags) events.tag(at, one);
          if (isDropped) {
            events.drop(at);
            events.drop(at);
          }
        });
        const expected = new Map<string, number[]>();
        rows.forEach(({ tags, isDropped }, at) => {
          expect(events.tagsOf(at)).toEqual([...new Set(tags)].sort());
          expect(events.isDropped(at)).toBe(isDropped);
          const name = [...new Set(tags)].sort().join();
          if (!isDropped) expected.set(name, [...(expected.get(name) ?? []), at]);
        });
        const all = rows.map((_, at) => at);
        const found = events
          .partitions()
          .map(({ tags, rows: own }): [string, number[]] => [tags.join(), [...(own ?? all)]]);
        expect(new Map(found)).toEqual(expected);
        expect(found.length).toBe(expected.size);
        expect(events.dropped).toBe(rows.filter(({ isDropped }) => isDropped).length);
      }),
    );
  });

  it('tell their bytes, keys and requesters, and take no row that there is not', () => {
    const events = eventsOf(2);
    expect(events.bytesSent(0)).toBe(2n ** 32n + 7n);
    expect(events.key(3)).toBe('key 3');
    events.setKey(1, 'other');
    expect([...events.keyIds]).toEqual([0, 5]);
    const isIn = events.requestersIn(new AddressRanges(['192.0.2.0/24']));
    expect([isIn(0), isIn(1)]).toEqual([false, true]);
    events.drop(2);
    events.drop(-1);
    expect(events.dropped).toBe(0);
    for (const wrong of ['', 'Robot', '1st', 'a-b', 'x'.repeat(17)]) {
      expect(() => events.tag(0, wrong)).toThrow(RangeError);
    }
  });
});

describe('ranges of addresses', () => {
  it('hold what they name, and tell only which entry is none', () => {
    const ranges = new AddressRanges(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7']);
    const v4 = (...four: number[]) => Uint8Array.from([...Array(10).fill(0), 255, 255, ...four]);
    expect(ranges.has(v4(192, 0, 2, 9))).toBe(true);
    expect(ranges.has(v4(198, 51, 100, 7))).toBe(true);
    expect(ranges.has(v4(198, 51, 100, 8))).toBe(false);
    expect(ranges.has(Uint8Array.from([0x20, 1, 0xd, 0xb8, ...Array(12).fill(1)]))).toBe(true);
    expect(() => new AddressRanges(['192.0.2.1', '198.51.100.7/33'])).toThrow(/^entry 2 is no/);
  });
});

it('a pipeline file of any text is a pipeline, or refused with a reason', () => {
  const piece = fc.constantFrom(
    ...'version: 1|handlers:|  - use: log|    with: {a: 1}|- |[]|{}|*a|&a|"|!!js/function x|\t|null|~'.split(
      '|',
    ),
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('\n')),
    fc.json().map((json) => `{"version":1,"handlers":${json}}`),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      try {
        const { handlers } = parsePipeline(yaml, 'p.yaml');
        for (const { use, options } of handlers) {
          expect(typeof use).toBe('string');
          expect(typeof options).toBe('object');
        }
      } catch (error) {
        expect(error).toBeInstanceOf(PipelineFileError);
      }
    }),
    { numRuns: 500 },
  );
});

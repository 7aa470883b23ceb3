import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExtractionMode } from '../../src/extract/extraction-mode.js';
import { FIELD, KIND, Line } from '../../src/extract/line.js';
import { LineFeeder } from '../../src/extract/line-feeder.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { RecordOrigins } from '../../src/extract/record-origins.js';
import { emptyAccount } from '../../src/extract/scan-lines.js';
import { lineBytes, validLines } from './line-arbitraries.js';

const line = new Line();

/** The user agents of the records among some lines, as the careful parser finds them. */
function agentsOf(lines: readonly Buffer[]): string[] {
  return lines.flatMap((bytes) => {
    if (parseLine(bytes, 0, bytes.length, line) !== 0 || line.kind === KIND.skipped) return [];
    const at = 2 * FIELD.userAgent;
    const end = Math.min(line.bounds[at + 1], line.bounds[at] + 1024);
    return [bytes.subarray(line.bounds[at], end).toString('utf8')];
  });
}

function batchWithAgents(mode: ExtractionMode = 'generic') {
  const origins = new RecordOrigins({ agents: true });
  const batch = new RecordBatch({ rows: 1 << 12, keyBytes: 1 << 20 }, { origins, mode });
  return { origins, batch, feeder: new LineFeeder(batch) };
}

function feed(feeder: LineFeeder, name: string, bytes: Buffer): void {
  feeder.begin(name, emptyAccount());
  feeder.room().set(bytes);
  feeder.took(bytes.length);
  feeder.finish();
}

describe('origins of records', () => {
  it.each(['generic', 'buckets'] as const)(
    'name the user agent of each, as the careful parser finds it, in %s mode',
    (mode) => {
      const { origins, batch, feeder } = batchWithAgents(mode);
      fc.assert(
        fc.property(fc.array(validLines, { maxLength: 20 }), (parts) => {
          const lines = parts.map(lineBytes).filter((bytes) => !bytes.includes(0x0a));
          batch.clear();
          feed(feeder, 'a', Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from('\n')])));
          const ids = origins.agentIds as Uint32Array;
          const found = Array.from({ length: batch.rows }, (_, row) => origins.agentText(ids[row]));
          expect(found).toEqual(agentsOf(lines));
        }),
        { numRuns: 500 },
      );
    },
  );

  it('name the file of each, whatever was rolled back or written between', () => {
    const { origins, batch, feeder } = batchWithAgents();
    const text = (n: number) =>
      Buffer.from(
        `owner bucket [01/Mar/2025:10:00:00 +0000] 198.51.100.7 - ID REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "x" -\n`.repeat(
          n,
        ),
      );
    feed(feeder, 'a', text(3));
    feed(feeder, 'empty', Buffer.alloc(0));
    const mark = batch.mark();
    feed(feeder, 'unreadable', text(4));
    batch.rollback(mark);
    feed(feeder, 'b', text(2));
    const all = (rows: number) => Array.from({ length: rows }, (_, row) => row);
    expect(batch.rows).toBe(5);
    expect([...origins.countByFile(all(5))]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect([...origins.countByFile([0, 4])]).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    batch.clear();
    feed(feeder, 'c', text(1));
    expect([...origins.countByFile(all(1))]).toEqual([['c', 1]]);
  });
});

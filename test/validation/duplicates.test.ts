import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SoundLogs, soundLine, told } from './sound-logs.js';

/** Planted copies of lines: [file, line] of the copy, and of what it copies. */
function copy(logs: SoundLogs, to: [number, number], of: [number, number]) {
  const text = logs.files[of[0]]?.lines[of[1]] as string;
  const first = logs.plant(...of, text);
  return { ...logs.plant(...to, text), first };
}

describe('the protocol "duplicates"', () => {
  it('finds a copy in the same file and in another, and nothing else', async () => {
    const logs = new SoundLogs();
    const copies = [copy(logs, [0, 9], [0, 2]), copy(logs, [2, 0], [1, 19])];
    logs.write();
    const report = await logs.validate('all');
    expect(report.findings).toEqual(
      copies.map((place) => ({
        protocol: 'duplicates',
        claim: 'line-once',
        reason: 'again',
        what: 'the same line, byte for byte, stands before',
        ...place,
      })),
    );
    // Lines 2 and 39 of the made-up ones.
    expect(report.protocols.at(-1)).toMatchObject({
      findings: 2,
      reasons: [{ lines: 2, records: 2, bytes: String(1002 + 1039) }],
    });
    const left = readdirSync(join(logs.root, 'cache', 'validation'));
    expect(left.filter((name) => name.startsWith('scratch'))).toEqual([]);
  });

  it('finds every copy but the first, also of lines that are no records or do not parse', async () => {
    const logs = new SoundLogs(2, 5);
    logs.plant(0, 1, 'no line');
    const head = soundLine(900, { operation: 'REST.HEAD.OBJECT' });
    logs.plant(0, 2, head);
    const places = [
      logs.plant(0, 3, 'no line'),
      logs.plant(0, 4, 'no line'),
      logs.plant(1, 0, 'no line'),
      logs.plant(1, 4, head),
    ];
    logs.write();
    const report = await logs.validate('duplicates');
    expect(told(report)).toEqual(
      places.map(({ file, offset }) => `duplicates again ${file}:${offset}`),
    );
    expect(report.protocols[0]?.reasons).toMatchObject([{ lines: 4, records: 0, bytes: '0' }]);
    const first = await logs.validate('duplicates', { maxFindings: 2 });
    expect(told(first)).toEqual(told(report).slice(0, 2));
    expect(first.protocols).toEqual(report.protocols);
  });

  it.each([
    ['lines that differ in their last byte', soundLine(7).replace(/.$/, '_'), soundLine(7)],
    ['lines that differ in a space at the end', soundLine(7), `${soundLine(7)} `],
    ['empty lines', '', ''],
  ])('finds nothing in %s', async (_what, one, other) => {
    const logs = new SoundLogs();
    logs.plant(0, 7, one);
    logs.plant(1, 3, other);
    logs.write();
    expect(told(await logs.validate('duplicates'))).toEqual([]);
  });

  it('says nothing of the lines of a file that cannot be read to its end', async () => {
    const logs = new SoundLogs();
    logs.write();
    const content = Buffer.from(`${logs.files[1]?.lines.join('\n')}\n`);
    const whole = gzipSync(content, { level: 0 });
    writeFileSync(join(logs.source, 'copy.gz'), whole);
    expect((await logs.validate('duplicates')).protocols[0]?.findings).toBe(20);
    writeFileSync(join(logs.source, 'copy.gz'), whole.subarray(0, -9));
    const report = await logs.validate('duplicates');
    expect(report.files).toEqual({ found: 4, read: 3, known: 0, failed: 1 });
    expect(told(report)).toEqual([]);
  });
});

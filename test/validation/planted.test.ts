import { describe, expect, it } from 'vitest';
import { PROTOCOLS, ProtocolError, protocolsOf } from '../../validation/protocols.js';
import { read } from '../architecture/source-files.js';
import { DAY, PLANTED, time } from './planted-lines.js';
import { DELIVERED, fileName, SoundLogs, soundLine, told } from './sound-logs.js';

describe('of planted lines', () => {
  it.each(PLANTED)(
    '%s: what is said of it is said, and nothing else',
    async (_what, parts, found) => {
      const logs = new SoundLogs();
      const { file, offset } = logs.plant(1, 7, soundLine(27, parts));
      logs.write();
      const report = await logs.validate('all');
      expect(told(report)).toEqual(found.map((what) => `${what} ${file}:${offset}`));
      const counted = report.protocols.flatMap(({ protocol, reasons }) =>
        reasons.map(({ reason, lines }) => `${protocol} ${reason} ${lines}`),
      );
      expect(counted).toEqual(found.map((what) => `${what} 1`));
    },
  );

  it('weighs them by what extraction makes of them', async () => {
    const logs = new SoundLogs();
    logs.plant(0, 3, soundLine(3, { protocol: ' HTTP/2.0', size: '9007199254740993' }));
    logs.plant(
      2,
      9,
      soundLine(49, { protocol: ' HTTP/2.0', status: '206', size: '9007199254740993' }),
    );
    logs.plant(2, 10, soundLine(50, { ip: 'nowhere' }));
    logs.write();
    const report = await logs.validate('http_split,extraction_heuristic');
    expect(report.protocols.map(({ reasons }) => reasons)).toMatchObject([
      [{ reason: 'missing', lines: 2, records: 2, bytes: '18014398509481986' }],
      [
        { reason: 'lost_status', lines: 2, records: 2, bytes: '18014398509481986' },
        { reason: 'counted_rejected', lines: 1, records: 0, bytes: '0' },
      ],
    ]);
  });

  it('finds nothing in sound logs', async () => {
    const logs = new SoundLogs();
    logs.write();
    const report = await logs.validate('all');
    expect(told(report)).toEqual([]);
    expect(report.protocols.every(({ files }) => files.judged === 3)).toBe(true);
  });
});

describe('names of protocols', () => {
  it.each([
    ['all', PROTOCOLS.map(({ name }) => name)],
    ['late,lines,late', ['lines', 'late']],
    ['http_empty_split', ['http_split']],
    ['http_split_count, timestamps_parsing', ['timestamps', 'http_split']],
    ['downloads_logic,extraction_heuristic', ['downloads_logic', 'extraction_heuristic']],
  ])('%s', (list, names) => {
    expect(protocolsOf(list).map(({ name }) => name)).toEqual(names);
  });

  it.each(['', 'line', 'constructor', 'lines,,late', 'Lines'])('not %s', (list) => {
    expect(() => protocolsOf(list)).toThrow(ProtocolError);
  });

  it('are told with their versions, claims and reasons in PROTOCOLS.md, and nowhere twice', () => {
    const text = read('validation/PROTOCOLS.md');
    for (const { name, version, reasons } of PROTOCOLS) {
      const section = text
        .split(/^### /m)
        .find((one) => one.startsWith(`\`${name}\`, version ${version}\n`));
      expect(section, name).toBeDefined();
      for (const { name: reason, claim } of reasons) {
        expect(section).toContain(`| \`${claim}\` |`);
        if (name !== 'lines') expect(section).toContain(`\`${reason}\``);
      }
      expect(new Set(reasons.map((reason) => reason.name)).size).toBe(reasons.length);
    }
  });
});

describe('the protocol "timestamps"', () => {
  it('lets a file begin at any time, and compares with the record before', async () => {
    const logs = new SoundLogs(1, 0);
    const days = [5, 4, 2, 3, 1, 9, 8, 6];
    const lines = days.map((day, i) => soundLine(i, time(DELIVERED + day * DAY)));
    logs.files[0]?.lines.push(...lines);
    logs.write();
    const offsets = [2, 4, 7].map((line) => (lines[0]?.length as number) * line + line);
    expect((await logs.validate('timestamps')).findings).toMatchObject(
      offsets.map((offset) => ({ reason: 'out_of_order', offset })),
    );
  });
});

describe('the protocol "late"', () => {
  it('takes a name of midnight for a day, or a time', async () => {
    const midnight = DELIVERED - (DELIVERED % DAY);
    const seconds = [-DAY - 1, -DAY, 0, DAY - 1, DAY];
    const logs = new SoundLogs(1, 0);
    const lines = seconds.map((second, i) => soundLine(i, time(midnight + second)));
    logs.files[0] = { name: fileName(midnight, 1), lines };
    logs.write();
    expect((await logs.validate('late')).findings).toMatchObject([
      { reason: 'late', offset: 0 },
      { reason: 'ahead', offset: 4 * ((lines[0]?.length as number) + 1) },
    ]);
  });

  it.each([
    ['access.log', 0],
    ['2024-02-31-00-00-00-0123456789ABCDEF', 0],
    ['logs2024-03-01-00-00-00-0123456789ABCDEF', 20],
    ['2020/01/01/prefix-2024-03-01-00-00-00-0123456789ABCDEF.log', 20],
    ['2020-01-01-00-00-00-X/2024-03-05-10-00-00-0123456789ABCDEF', -1],
  ])('tells from the name %s what it can', async (name, found) => {
    const logs = new SoundLogs(1);
    logs.files[0] = { name, lines: logs.files[0]?.lines ?? [] };
    logs.write();
    const [report] = (await logs.validate('late')).protocols;
    expect(report?.findings).toBe(Math.max(0, found));
    expect(report?.files).toEqual(
      found === 0 ? { judged: 0, unjudged: 1 } : { judged: 1, unjudged: 0 },
    );
  });
});

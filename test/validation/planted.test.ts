import { describe, expect, it } from 'vitest';
import { PROTOCOLS, ProtocolError, protocolsOf } from '../../validation/protocols.js';
import { read } from '../architecture/source-files.js';
import {
  clock,
  DELIVERED,
  fileName,
  type LineParts,
  SoundLogs,
  soundLine,
  told,
} from './sound-logs.js';

const OAI = 'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID';
const DAY = 86_400;

const time = (seconds: number, zone = '+0000'): Partial<LineParts> => ({
  time: `${clock(seconds)} ${zone}`,
});

/** Parts of a line that differ from a sound one, and everything that is found for it. */
const PLANTED: readonly (readonly [what: string, parts: Partial<LineParts>, found: string[]])[] = [
  [
    'a download of fewer bytes than the object has',
    { sent: '999', size: '1000' },
    ['downloads_logic fewer_bytes_sent'],
  ],
  ['a download of nothing', { sent: '-', size: '1000' }, ['downloads_logic no_bytes_sent']],
  ['a download of nothing, written 0', { sent: '0', size: '1' }, ['downloads_logic no_bytes_sent']],
  [
    'a large download that lacks one byte',
    { sent: '9007199254740992', size: '9007199254740993' },
    ['downloads_logic fewer_bytes_sent'],
  ],
  ['a download of an empty object', { sent: '-', size: '0' }, []],
  ['a download of an object of unknown size', { sent: '17', size: '-' }, []],
  [
    'a download that is whole, above 2^53',
    { sent: '9007199254740993', size: '9007199254740993' },
    [],
  ],
  ['a part of an object', { status: '206', sent: '10', size: '1000' }, []],
  ['a failed request', { status: '404', sent: '300', size: '1000' }, []],
  ['a website that sends less', { operation: 'WEBSITE.GET.OBJECT', sent: '1', size: '9' }, []],

  [
    'a day that does not exist',
    { time: '31/Feb/2024:09:00:00 +0000' },
    ['lines invalid_time', 'timestamps impossible', 'extraction_heuristic counted_rejected'],
  ],
  [
    'an hour that does not exist',
    { time: '05/Mar/2024:24:00:00 +0000' },
    ['lines invalid_time', 'timestamps impossible', 'extraction_heuristic counted_rejected'],
  ],
  [
    'a leap second',
    { time: '04/Mar/2024:23:59:60 +0000' },
    ['lines invalid_time', 'timestamps leap_second', 'extraction_heuristic counted_rejected'],
  ],
  [
    'a second of 60 on a day that does not exist',
    { time: '31/Feb/2024:23:59:60 +0000' },
    ['lines invalid_time', 'timestamps impossible', 'extraction_heuristic counted_rejected'],
  ],
  [
    'a time of another form',
    { time: '2024-03-05T09:00:00Z +0000' },
    ['lines invalid_time', 'timestamps malformed', 'extraction_heuristic counted_rejected'],
  ],
  [
    'a time without a zone',
    { time: '05/Mar/2024:09:00:00' },
    ['lines invalid_time', 'timestamps malformed'],
  ],
  [
    'a time in another zone',
    { time: '05/Mar/2024:11:20:00 +0200' },
    ['timestamps other_zone', 'extraction_heuristic misread_time'],
  ],
  ['UTC written otherwise', { time: '05/Mar/2024:09:20:00 -0000' }, ['timestamps other_zone']],
  [
    'a time before S3',
    time(Date.UTC(2006, 2, 14) / 1000 - 1),
    ['timestamps before_s3', 'timestamps out_of_order', 'late late'],
  ],
  [
    'the first second of S3',
    time(Date.UTC(2006, 2, 14) / 1000),
    ['timestamps out_of_order', 'late late'],
  ],
  [
    'a record from two days before',
    time(DELIVERED - 2 * DAY),
    ['timestamps out_of_order', 'late late'],
  ],

  ['a record from a day before the file, not more', time(DELIVERED + 60 - DAY), []],
  ['a record from a second more than a day before', time(DELIVERED + 60 - DAY - 1), ['late late']],
  ['a record from some minutes after the file', time(DELIVERED + 60 + 300), []],
  ['a record from more minutes after the file', time(DELIVERED + 60 + 301), ['late ahead']],

  ['HTTP/2', { protocol: ' HTTP/2.0' }, ['http_split missing', 'extraction_heuristic lost_status']],
  ['HTTP/1.0', { protocol: ' HTTP/1.0' }, []],
  ['no protocol', { protocol: '' }, ['http_split missing', 'extraction_heuristic lost_status']],
  [
    'HTTP/1. in a key',
    { key: 'ds/HTTP/1.1/a', target: '/ds/HTTP/1.1/a' },
    ['http_split in_key', 'extraction_heuristic lost_status'],
  ],
  [
    'HTTP/1. in a query',
    { target: '/ds1/sub-27/scan.nii.gz?via=HTTP/1.1' },
    ['http_split in_target', 'extraction_heuristic lost_status'],
  ],
  ['HTTP/1. in an agent, behind that of the request', { agent: 'proxy HTTP/1.1' }, []],
  [
    'HTTP/1. in the agent of a request by HTTP/2',
    { protocol: ' HTTP/2.0', agent: 'proxy HTTP/1.1' },
    ['http_split behind', 'extraction_heuristic lost_status'],
  ],
  [
    'a status in the agent of a request by HTTP/2',
    { protocol: ' HTTP/2.0', agent: 'HTTP/1.1" 206 - 7 9 1 1 "' },
    [
      'http_split behind',
      'extraction_heuristic misread_bytes',
      'extraction_heuristic misread_download',
    ],
  ],
  ['the same agent by HTTP/1.1', { agent: 'HTTP/1.1" 206 - 7 9 1 1 "' }, []],
  [
    'the same agent, the same numbers',
    { protocol: ' HTTP/2.0', sent: '7', size: '7', agent: 'HTTP/1.1" 200 - 7 9 1 1 "' },
    ['http_split behind'],
  ],
  [
    'a failed request that its agent makes a success',
    { protocol: ' HTTP/2.0', status: '404', agent: 'HTTP/1.1" 200 - 7 9 1 1 "' },
    ['extraction_heuristic counted_skipped'],
  ],
  ['a requester with spaces', { requester: OAI }, ['extraction_heuristic lost_operation']],
  ['two spaces before the requester', { requester: ' -' }, []],
  ['a HEAD by HTTP/2', { operation: 'REST.HEAD.OBJECT', protocol: ' HTTP/2.0' }, []],
  [
    'an address that does not exist',
    { ip: '300.1.2.3' },
    ['lines invalid_remote_ip', 'extraction_heuristic counted_rejected'],
  ],
  ['a tab in the requester', { requester: 'a\tb' }, ['extraction_heuristic lost_operation']],
];

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

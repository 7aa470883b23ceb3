import { clock, DELIVERED, type LineParts } from './sound-logs.js';

const OAI = 'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID';
export const DAY = 86_400;

export const time = (seconds: number, zone = '+0000'): Partial<LineParts> => ({
  time: `${clock(seconds)} ${zone}`,
});

/** Parts of a line that differ from a sound one, and everything that is found for it. */
export const PLANTED: readonly (readonly [
  what: string,
  parts: Partial<LineParts>,
  found: string[],
])[] = [
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

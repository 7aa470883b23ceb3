import { logLine, type RejectedLine, type TruthLine } from './truth.js';

/** Keys that break what does not expect them; as the log writes them. */
export const HOSTILE_KEYS = [
  '../../x',
  '../../../../../../tmp/outside',
  'archive/by_day.tsv',
  'archive',
  '=cmd',
  '=cmd/x',
  'ds1/=cmd%7C',
  'ds1/a%00b',
  'ds1/%2522quoted%2522',
  'ds1/$(touch+pwned)',
  'ds1/;touch$IFS./pwned;',
  'ds1/`id`',
  'ds1/x.txt',
  'ds1/HTTP/1.1/x',
  'ds1/a/x',
  'ds1/a-b/x',
  'ds1',
  'totals.json/x',
  `ds2/${'k'.repeat(1020)}`,
  'ds2/%25C3%25A9.nwb',
] as const;

/** Agents and referers that pose as other fields, or as other lines. */
const HOSTILE_TEXTS = [
  '-',
  'Mozilla/5.0 (X11; Linux)',
  'x" 200 - 99999999 99999999 1 1 "-" "y',
  '" 404 NoSuchKey 1 - 1 1 "-" "',
  '\r',
  '\u0000\u001b[31m',
  '\u2028\u2029',
  '<?php system($_GET["x"]); ?>',
  '=HYPERLINK("http://x")',
];

/** A small generator of numbers (mulberry32), so that a failure comes again. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const START = Date.UTC(2024, 1, 27) / 1000;

/** Lines of every kind, in no order, with what each must count as. */
export function randomLines(count: number, seed: number): (TruthLine | RejectedLine)[] {
  const below = numbersFrom(seed);
  const keys = [
    ...HOSTILE_KEYS,
    ...Array.from({ length: 20 }, (_, i) => `ds${1 + (i % 3)}/sub-${i}/file.nwb`),
  ];
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return Array.from({ length: count }, () => {
    const line: TruthLine = {
      key: pick(keys),
      time: START + below(4 * 86_400),
      client: below(12) === 0 ? 0 : 1 + below(150),
      status: pick([200, 200, 200, 200, 206, 206, 304, 404, 403, 500]),
      operation: pick([...Array(8).fill('REST.GET.OBJECT'), 'REST.HEAD.OBJECT', 'REST.PUT.PART']),
      protocol: pick(['HTTP/1.1', 'HTTP/2', 'HTTP/1.0']),
      requester: pick([
        '-',
        'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID',
      ]),
      agent: pick(HOSTILE_TEXTS),
      referer: pick(['-', 'https://dandiarchive.org/']),
      ...(below(8) === 0 ? {} : { bytes: below(50) === 0 ? 2n ** 53n + 1n : BigInt(below(1e9)) }),
    };
    return below(20) === 0 ? rejected(line, below(6)) : line;
  });
}

function rejected(line: TruthLine, kind: number): RejectedLine {
  const text = logLine({ key: 'ds1/x', time: line.time, client: 1, bytes: 7n });
  switch (kind) {
    case 0:
      return { text: text.slice(0, text.indexOf(' "GET')), reason: 'truncated_before_request_uri' };
    case 1:
      return { text: text.replace('198.51.0.1', '198.51.0.256'), reason: 'invalid_remote_ip' };
    case 2:
      return { text: text.replace(/\[\d\d\/.../, '[31/Feb'), reason: 'invalid_time' };
    case 3:
      return {
        text: text.replace('OBJECT ds1/x', 'OBJECT ds1/%zz'),
        reason: 'key_bad_percent_escape',
      };
    case 4:
      return { text: '', reason: 'truncated_before_bucket_owner' };
    default:
      return { text: `${text}${text}`, reason: 'two_records_in_one_line' };
  }
}

import type { Reason } from '../extract/reasons.js';
import { benchmarkAddress, benchmarkAddressRespelled } from './benchmark-addresses.js';
import {
  AGENTS,
  HOSTILE_AGENTS,
  HOSTILE_REFERERS,
  QUERIES,
  REFERERS,
  REQUESTERS,
} from './benchmark-clients.js';
import type { BenchmarkKeys } from './benchmark-keys.js';
import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import { type LineFields, lineTails } from './benchmark-tails.js';
import { clockText } from './benchmark-time.js';
import type { Random } from './random.js';

/** One line and what it must count as. Reused: read it before the next is made. */
export interface BenchmarkLine {
  /** Latin-1, without its LF. */
  text: string;
  outcome: 'kept' | 'skipped' | Exclude<Reason, 'accepted'>;
  key: number;
  address: number;
  bytesSent: number;
  download: boolean;
}

/** A share of requests in a thousand, and how such a line is made. */
type Kind = readonly [perMille: number, make: (fields: LineFields, line: BenchmarkLine) => string];

const MOST_ADDRESS_TEXTS = 65_536;

/** @returns a maker of lines of requests received at the given second (since 1970, UTC) */
export function benchmarkLines(
  options: ResolvedBenchmarkOptions,
  keys: BenchmarkKeys,
  random: Random,
): (timeSeconds: number) => BenchmarkLine {
  const tails = lineTails(options.buckets, random);
  const clock = clockText();
  const addressOf = addressTexts(options.addresses);
  const kinds = kindsByRoll(random);
  const line: BenchmarkLine = {
    text: '',
    outcome: 'skipped',
    key: 0,
    address: 0,
    bytesSent: 0,
    download: false,
  };
  const fields: LineFields = {
    head: '',
    id: '',
    key: '',
    target: '',
    size: 0,
    times: '',
    clients: '',
  };

  return (timeSeconds) => {
    const odd = random.next();
    const key = keys.draw(random);
    const address = random.below(options.addresses);
    const bucket = key % options.buckets;
    const spelled = (odd & 0x3f) === 0 ? benchmarkAddressRespelled(address) : addressOf(address);
    // One time in 256 the zone is not UTC, one time in 256 two spaces stand before the requester.
    const shifted = odd >>> 24 === 1;
    const time = shifted ? `${clock(timeSeconds + 7_200)} +0200` : `${clock(timeSeconds)} +0000`;
    const gap = odd >>> 24 === 2 ? '  ' : ' ';
    fields.head = `${tails.owner(bucket)} [${time}] ${spelled}${gap}`;
    fields.id = `${REQUESTERS[random.below(REQUESTERS.length)]} ${tails.requestId()} `;
    fields.key = keys.logged(key);
    fields.target = `/${keys.target(key)}${QUERIES[random.below(QUERIES.length)]} ${protocol(odd)}`;
    fields.size = keys.sizeBytes(key);
    fields.times = `${1 + (odd & 0xfff)} ${1 + (odd & 0x7f)}`;
    fields.clients = clients(random, (odd >>> 8) & 0xff);
    line.key = key;
    line.address = address;
    line.outcome = 'skipped';
    line.bytesSent = 0;
    line.download = false;
    const text = kinds[random.below(1_000)](fields, line);
    line.text = isCut(line.outcome) ? text : text + tails.tail(bucket);
    return line;
  };
}

/** Texts of addresses, kept where there are so few that finding one is faster than making it. */
function addressTexts(count: number): (address: number) => string {
  if (count > MOST_ADDRESS_TEXTS) return benchmarkAddress;
  const texts = Array.from({ length: count }, (_, address) => benchmarkAddress(address));
  return (address) => texts[address];
}

function isCut(outcome: BenchmarkLine['outcome']): boolean {
  return outcome.startsWith('truncated_');
}

function protocol(odd: number): string {
  const roll = (odd >>> 16) & 0x3f;
  return roll === 0 ? 'HTTP/2.0' : roll === 1 ? 'HTTP/1.0' : 'HTTP/1.1';
}

/** Referer and agent, hostile four times in 256. */
function clients(random: Random, odd: number): string {
  const referer = odd === 0 || odd === 1 ? random.pick(HOSTILE_REFERERS) : random.pick(REFERERS);
  const agent =
    odd === 1 || odd === 2 || odd === 3 ? random.pick(HOSTILE_AGENTS) : random.pick(AGENTS);
  return `"${referer}" "${agent}"`;
}

/** For each of 1,000 rolls the kind of line. About 69 % are kept. */
function kindsByRoll(random: Random): Kind[1][] {
  const get = (
    fields: LineFields,
    line: BenchmarkLine,
    status: 200 | 206,
    sent: number | '-',
    target = fields.target,
  ) => {
    line.outcome = 'kept';
    line.bytesSent = sent === '-' ? 0 : sent;
    line.download = status === 200;
    return `${fields.head}${fields.id}REST.GET.OBJECT ${fields.key} "GET ${target}" ${status} - ${sent} ${fields.size} ${fields.times} ${fields.clients}`;
  };
  const other = (f: LineFields, operation: string, method: string, numbers: string) =>
    `${f.head}${f.id}${operation} ${f.key} "${method} ${f.target}" ${numbers} ${f.times} ${f.clients}`;
  const refused = (line: BenchmarkLine, reason: Exclude<Reason, 'accepted'>, text: string) => {
    line.outcome = reason;
    return text;
  };
  const defects: readonly Kind[1][] = [
    (f, l) => refused(l, 'invalid_time', get(f, l, 200, f.size).replace(/\[../, '[32')),
    (f, l) =>
      refused(
        l,
        'invalid_remote_ip',
        get({ ...f, head: f.head.replace(/\] \S+/, '] 300.1.2.3') }, l, 200, 1),
      ),
    (f, l) =>
      refused(
        l,
        'truncated_before_http_status',
        `${f.head}${f.id}REST.GET.OBJECT ${f.key} "GET ${f.target}"`,
      ),
    (f, l) =>
      refused(
        l,
        'truncated_before_bytes_sent',
        `${f.head}${f.id}REST.GET.OBJECT ${f.key} "GET ${f.target}" 200 -`,
      ),
    (f, l) =>
      refused(
        l,
        'truncated_referer_or_user_agent',
        get({ ...f, clients: '"-" "Mozilla/5.0 (Windows NT' }, l, 200, f.size),
      ),
    (f, l) =>
      refused(l, 'invalid_http_status', other(f, 'REST.GET.OBJECT', 'GET', `20x - 5 ${f.size}`)),
    (f, l) =>
      refused(l, 'invalid_bytes_sent', other(f, 'REST.GET.OBJECT', 'GET', `200 - -5 ${f.size}`)),
    (f, l) =>
      refused(
        l,
        'ambiguous_request_uri',
        get({ ...f, clients: '"" 200 - 1 1 1 1 "" "curl/8.4.0"' }, l, 200, 5, '/other HTTP/1.1'),
      ),
  ];
  const kinds: readonly Kind[] = [
    [340, (f, l) => get(f, l, 200, f.size)],
    [8, (f, l) => get(f, l, 200, random.below(Math.min(f.size, 2 ** 31)))],
    [334, (f, l) => get(f, l, 206, 1 + random.below(Math.min(f.size, 8 * 2 ** 20)))],
    [4, (f, l) => get(f, l, 200, '-')],
    [80, (f) => other(f, 'REST.GET.OBJECT', 'GET', `304 - - ${f.size}`)],
    [40, (f) => other(f, 'REST.GET.OBJECT', 'GET', '403 AccessDenied 243 -')],
    [30, (f) => other(f, 'REST.GET.OBJECT', 'GET', '404 NoSuchKey 297 -')],
    [75, (f) => other(f, 'REST.HEAD.OBJECT', 'HEAD', `200 - - ${f.size}`)],
    [
      35,
      (f) =>
        `${f.head}${f.id}REST.GET.BUCKET - "GET /?list-type=2&prefix=sub-01%2F&delimiter=%2F HTTP/1.1" 200 - 5120 - ${f.times} ${f.clients}`,
    ],
    [22, (f) => other(f, 'REST.PUT.OBJECT', 'PUT', `200 - - ${f.size}`)],
    [10, (f) => `${f.head}${f.id}BATCH.DELETE.OBJECT ${f.key} - 204 - - ${f.size} - - - -`],
    [
      8,
      (f) =>
        `${f.head.replace(/\] \S+/, '] -')}AmazonS3 ${f.id.slice(-17)}S3.EXPIRE.OBJECT ${f.key} "-" - - - ${f.size} - - "-" "-"`,
    ],
    [6, (f) => other(f, 'WEBSITE.GET.OBJECT', 'GET', `200 - ${f.size} ${f.size}`)],
    [6, (f) => other(f, 'REST.COPY.OBJECT_GET', 'PUT', `200 - - ${f.size}`)],
    [2, (f, l) => random.pick(defects)(f, l)],
  ];
  return kinds.flatMap(([perMille, make]) => Array<Kind[1]>(perMille).fill(make));
}

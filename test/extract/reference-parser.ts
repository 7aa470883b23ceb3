import { isIPv4, isIPv6 } from 'node:net';

/** All that is counted of a line. */
export interface Counted {
  readonly kept: boolean;
  readonly download: boolean;
  readonly status: number;
  readonly key: string;
  readonly seconds: number;
  /** Text as logged. */
  readonly address: string;
  readonly bytesSent: bigint;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = String.raw`\[(\d\d)/(${MONTHS.join('|')})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\]`;
const OPERATION = String.raw`(?:REST|WEBSITE|SOAP|BATCH|S3)(?:\.[A-Za-z0-9_]+)+`;
/** Requester and request id. Only ARNs hold spaces, and then no brackets or quotes; the first operation ends them. */
const ARN_WORD = String.raw`(?!${OPERATION}(?: |$))[\w+=,.@:/-]+`;
const REQUESTER = String.raw`(?:[^ ]+ +[^ ]+|arn:[\w+=,.@:/-]*(?: +${ARN_WORD}){2,})`;
/** A target holds no space; without a protocol a status must follow. */
const REQUEST_URI = String.raw`(?:"[A-Z_-]+ [^ ]+ HTTP/\d(?:\.\d)?"|"[A-Z_-]+ [^ ]+"(?= (?:\d{3}|-)(?: |$))|"-"|-)`;
const NUMBER = String.raw`(\d{1,19}|-)`;
const RECORD = new RegExp(
  `^([^ ]+) +([^ ]+) +(${TIME}) +([^ ]+) +(${REQUESTER}) +(${OPERATION}) +([^ ]+) +(${REQUEST_URI}) ` +
    String.raw`(\d{3}|-) ([A-Za-z0-9._-]+) ${NUMBER} ${NUMBER} ${NUMBER} ${NUMBER} (.*)$`,
  's',
);
/** Referer and user agent are raw: any way in which both close will do. */
const TAIL = /^(?:-|".*") (?:-|".*")(?: .*)?$/s;
const STATUS_BLOCK = /"(?= (?:\d{3}|-) [^ ]* (?:(?:-|\d+) ){4})/g;

/**
 * A line by the log grammar as the format's description has it, slowly: regular expressions and strings, made from
 * the description and not from the parser, to compare the two.
 *
 * @param line one character a byte (latin1), no line feed
 * @returns undefined when it is to be refused
 */
export function referenceParse(line: string): Counted | undefined {
  const content = line.replace(/\r$/, '').replace(/ +$/, '');
  const direct = record(content);
  if (direct !== undefined) return direct;
  // OVHcloud in syslog. A line whose third word is a time has no prefix.
  const time = new RegExp(`^[^ ]+ +[^ ]+ +${TIME}(?: |$)`).exec(content);
  if (time !== null && !Number.isNaN(secondsOf(time))) return undefined;
  const tag = content.replace(/\[.*$/s, '').search(/(?<![^ ])s3access-/);
  const prefix = tag < 0 ? null : /^[^ ]*: /.exec(content.slice(tag));
  return prefix === null ? undefined : record(content.slice(tag + prefix[0].length));
}

function record(text: string): Counted | undefined {
  const found = RECORD.exec(text);
  if (found === null) return undefined;
  const [, owner, bucket] = found;
  const seconds = secondsOf(found.slice(3));
  const [address, , operation, key, uri, statusText, , ...numbers] = found.slice(13);
  const tail = numbers[4];
  const status = statusText === '-' ? 0 : Number(statusText);
  if (Number.isNaN(seconds) || !isAddress(address) || !isKey(key)) return undefined;
  if (statusText !== '-' && status < 100) return undefined;
  if (numbers.slice(0, 4).some((text) => text !== '-' && BigInt(text) >= 2n ** 63n))
    return undefined;
  if (!TAIL.test(tail) || holdsRecordOf(owner, tail)) return undefined;
  const target = /^"[A-Z_-]+ ([^ ]+?)(?: HTTP\/\d(?:\.\d)?)?"$/.exec(uri)?.[1];
  const matches = target !== undefined && names(target, bucket, key);
  if (target !== undefined && !matches && key !== '-') {
    if ((text.match(STATUS_BLOCK)?.length ?? 0) > 1) return undefined;
  }
  const kept = operation === 'REST.GET.OBJECT' && status >= 200 && status <= 299;
  if (kept && key === '-' && !matches) return undefined;
  const bytesSent = kept && numbers[0] !== '-' ? BigInt(numbers[0]) : 0n;
  return { kept, download: kept && status === 200, status, key, seconds, address, bytesSent };
}

/** @param parts the match of {@link TIME}; NaN for a time that does not exist */
function secondsOf(parts: readonly string[]): number {
  const [, day, month, year, hour, minute, second, sign, zoneHour, zoneMinute] = parts;
  const numbers = [year, MONTHS.indexOf(month), day, hour, minute, second].map(Number);
  const [y, m, d, h, min, s] = numbers;
  const at = new Date(Date.UTC(y, m, d, h, min, s));
  const real = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours()];
  if (String([...real, at.getUTCMinutes(), at.getUTCSeconds()]) !== String(numbers))
    return Number.NaN;
  if (y < 1970 || Number(zoneHour) > 14 || Number(zoneMinute) > 59) return Number.NaN;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60 * (sign === '-' ? -1 : 1);
  const utc = at.getTime() / 1000 - zone;
  return utc < 0 ? Number.NaN : utc;
}

function isAddress(text: string): boolean {
  return text === '-' || isIPv4(text) || (isIPv6(text) && !text.includes('%'));
}

function isKey(key: string): boolean {
  if (/["\x00-\x1f\x7f]/.test(key)) return false;
  if (/%(?![0-9A-Fa-f]{2})/.test(key)) return false;
  return (
    Buffer.from(Buffer.from(key, 'latin1').toString('utf8'), 'utf8').toString('latin1') === key
  );
}

/** A lost line feed: the owner, a bucket and a time again, behind the turn-around time. */
function holdsRecordOf(owner: string, tail: string): boolean {
  if (owner.length < 4) return false;
  const again = new RegExp(`(?=${TIME})`, 'g');
  for (const { index } of tail.matchAll(again)) {
    if (Number.isNaN(secondsOf(new RegExp(`^${TIME}`).exec(tail.slice(index)) ?? []))) continue;
    const words = / ?([^ ]*) ([^ ]+) $/s.exec(tail.slice(0, index));
    // The owner may hang on to what the cut has left before it.
    if (words?.[1].endsWith(owner)) return true;
  }
  return false;
}

function names(target: string, bucket: string, key: string): boolean {
  for (const root of ['/', `/${bucket}/`]) {
    if (target === root + key || target.startsWith(`${root}${key}?`)) return true;
  }
  const path = percent(target.replace(/\?.*$/s, '').replace(/^https?:\/\/[^/]*/, ''));
  const bare = path.replace(/^\//, '');
  const keys = [key, form(key), form(form(key))];
  return keys.some((name) => bare === name || bare === `${bucket}/${name}`);
}

function percent(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function form(text: string): string {
  return percent(text.replaceAll('+', ' '));
}

import fc from 'fast-check';
import { FIELD, KIND, Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { REASONS } from '../../src/extract/reasons.js';

/** The parts of a line as they stand in it, in order; `null` is `-`. Times and addresses also as values. */
export interface LineParts {
  readonly owner: string;
  readonly bucket: string;
  readonly time: { readonly text: string; readonly seconds: number };
  readonly address: { readonly text: string; readonly words: readonly number[] } | null;
  readonly requester: string;
  readonly requestId: string;
  readonly operation: string;
  readonly key: string;
  /** With its quotes, or `-`. */
  readonly requestUri: Buffer;
  readonly status: number | null;
  readonly errorCode: string;
  readonly bytesSent: bigint | null;
  readonly objectSize: bigint | null;
  readonly totalTime: bigint | null;
  readonly turnAroundTime: bigint | null;
  /** With their quotes, or `-`. */
  readonly referer: Buffer;
  readonly userAgent: Buffer;
  readonly tail: readonly string[];
}

export function lineBytes(parts: LineParts): Buffer {
  return Buffer.concat([headBytes(parts), tailBytes(parts)]);
}

/** Up to and with the turn-around time and the space after it. */
export function headBytes(parts: LineParts): Buffer {
  const words = [
    parts.owner,
    parts.bucket,
    parts.time.text,
    parts.address?.text ?? '-',
    parts.requester,
    parts.requestId,
    parts.operation,
    parts.key,
    parts.requestUri,
    parts.status ?? '-',
    parts.errorCode,
    parts.bytesSent ?? '-',
    parts.objectSize ?? '-',
    parts.totalTime ?? '-',
    parts.turnAroundTime ?? '-',
  ];
  return Buffer.concat(words.flatMap((word) => [asBytes(word), Buffer.from(' ')]));
}

export function tailBytes(parts: Pick<LineParts, 'referer' | 'userAgent' | 'tail'>): Buffer {
  const words = [parts.referer, parts.userAgent, ...parts.tail].map(asBytes);
  return Buffer.concat(words.flatMap((word, i) => (i === 0 ? [word] : [Buffer.from(' '), word])));
}

function asBytes(word: Buffer | string | number | bigint): Buffer {
  return Buffer.isBuffer(word) ? word : Buffer.from(String(word), 'utf8');
}

/** What a line comes to: a reason, or all that is counted of it. */
export type Verdict =
  | { readonly reason: string }
  | {
      readonly kind: number;
      readonly status: number;
      readonly key: string;
      readonly seconds: number;
      readonly address: string;
      readonly bytesSent: bigint;
    };

const line = new Line();

/** Parse bytes in the middle of others, as extraction does. */
export function verdictOf(bytes: Uint8Array): Verdict {
  const buffer = Buffer.concat([Buffer.from('before "\n'), bytes, Buffer.from('\n"after" [ - 5')]);
  const start = 9;
  const code = parseLine(buffer, start, start + bytes.length, line);
  if (code !== 0) return { reason: REASONS[code] };
  const { bounds } = line;
  const key = buffer.toString('latin1', bounds[2 * FIELD.key], bounds[2 * FIELD.key + 1]);
  const counted = line.kind !== KIND.skipped;
  return {
    kind: line.kind,
    status: line.status,
    key,
    seconds: line.timeSeconds,
    address: line.hasAddress ? Array.from(line.addressWords).join(':') : '-',
    bytesSent: counted ? (BigInt(line.bytesSentHigh) << 32n) | BigInt(line.bytesSentLow) : -1n,
  };
}

/** The verdict that the parts call for. */
export function truthOf(parts: LineParts): Verdict {
  const { status } = parts;
  const kept =
    parts.operation === 'REST.GET.OBJECT' && status !== null && status >= 200 && status <= 299;
  return {
    kind: !kept ? KIND.skipped : status === 200 ? KIND.download : KIND.request,
    status: status ?? 0,
    key: Buffer.from(parts.key, 'utf8').toString('latin1'),
    seconds: parts.time.seconds,
    address: parts.address === null ? '-' : parts.address.words.join(':'),
    bytesSent: kept ? (parts.bytesSent ?? 0n) : -1n,
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** A time of the log by its value in seconds and its zone in minutes. */
export function timeText(seconds: number, zoneMinutes = 0): string {
  const at = new Date((seconds + zoneMinutes * 60) * 1000);
  const zone = Math.abs(zoneMinutes);
  return (
    `[${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}` +
    `:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}` +
    ` ${zoneMinutes < 0 ? '-' : '+'}${two(Math.floor(zone / 60))}${two(zone % 60)}]`
  );
}

export const times = fc
  .tuple(
    fc.integer({ min: 86_400, max: 4_102_444_799 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -720, max: 840 })),
  )
  .map(([seconds, zone]) => ({ seconds, text: timeText(seconds, zone) }));

const word32 = fc.nat({ max: 0xffffffff });

const v4 = word32.map((value) => ({
  text: [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.'),
  words: [0, 0, 0xffff, value],
}));

const v6 = fc
  .tuple(fc.array(fc.oneof(word32, fc.constant(0)), { minLength: 4, maxLength: 4 }), fc.nat(3))
  .map(([words, form]) => {
    const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
    const full = groups.map((group) => group.toString(16));
    const texts = [
      full.join(':'),
      full.map((group) => group.toUpperCase().padStart(4, '0')).join(':'),
      full
        .join(':')
        .replace(/\b0(?::0)+\b/, ':')
        .replace(/^:(?!:)/, '::')
        .replace(/([^:]):$/, '$1::')
        .replace(':::', '::'),
      `${full.slice(0, 6).join(':')}:${[24, 16, 8, 0].map((shift) => (words[3] >>> shift) & 255).join('.')}`,
    ];
    return { text: texts[form], words };
  });

export const addresses = fc.oneof(v4, v6);

const text = (characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const hex64 = text('0123456789abcdef', 64, 64);

/** A key as the field shows it and as a target holds it. */
const keys = fc
  .array(
    fc.constantFrom(
      ...[...LOWER, ...DIGITS, '.', '-', '_', '*', '/', 'HTTP/1.1', 'REST.GET.OBJECT'].map(
        (part) => [part, part] as const,
      ),
      ['+', '%20'] as const,
      ['%2522', '%22'] as const,
      ['%252B', '%2B'] as const,
      ['%2525', '%25'] as const,
      ['%25C3%25A9', '%C3%A9'] as const,
      ['%255B', '['] as const,
    ),
    { minLength: 2, maxLength: 20 },
  )
  .map((parts) => ({
    key: parts.map(([field]) => field).join(''),
    target: parts.map(([, target]) => target).join(''),
  }));

/** Bytes that no line feed cuts; often such as try to pass for something else. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          ...['"', '" "', '" ', ' "', ' ', '-', '" - ', '" -', ' - ', '\\"', '\r', '\0', '[', ']'],
          ...['" 200 - 999 999 1 1 "-" "x', '" 200 - 999 999 1 1 ', ' HTTP/1.1" ', 'HTTP/1.1"'],
          ...['200 ', '404 ', '- - - - ', 'GET /key ', 'REST.GET.OBJECT ', '\u2028', '\u001b[31m'],
          ...['[23/Nov/2026:06:13:49 +0000]', ' bucket [23/Nov/2026:06:13:49 +0000] ', 'TLSv1.2'],
        )
        .map((part) => Buffer.from(part)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(Buffer.concat(parts).filter((byte) => byte !== 0x0a)));

export function quoted(content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('"'), content, Buffer.from('"')]);
}

const harmlessText = fc.constantFrom(
  Buffer.from('-'),
  ...['"-"', '""', '"curl/8.5.0"', '"https://example.org/a?b=c"', '"Mozilla/5.0 (X11; a b)"'].map(
    (part) => Buffer.from(part),
  ),
);

const counts = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: 0n, max: 1_000_000n }),
  fc.bigInt({ min: 2n ** 53n - 5n, max: 2n ** 53n + 5n }),
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
);

const OPERATIONS = [
  ...['REST.GET.OBJECT', 'REST.GET.OBJECT', 'REST.GET.OBJECT', 'REST.GET.OBJECT'],
  ...['REST.HEAD.OBJECT', 'REST.GET.OBJECT_TAGGING', 'WEBSITE.GET.OBJECT', 'S3.EXPIRE.OBJECT'],
];

/** Lines that are right in every part. Key and target name the same object. */
export const validLines: fc.Arbitrary<LineParts> = fc
  .record({
    owner: fc.oneof(hex64, fc.constantFrom('demo:demo', 'reader', 'tenant$user')),
    bucket: text(`${LOWER}${DIGITS}`, 3, 12),
    time: times,
    address: fc.oneof({ weight: 9, arbitrary: addresses }, fc.constant(null)),
    requester: fc.oneof(
      hex64,
      fc.constantFrom(
        ...['-', '-', 'AmazonS3', 'svc:s3.amazonaws.com', 'arn:aws:iam::123456789012:user/reader'],
        'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID',
      ),
    ),
    requestId: text(`ABCDEF${DIGITS}`, 16, 16),
    operation: fc.constantFrom(...OPERATIONS),
    named: keys,
    inPath: fc.boolean(),
    query: fc.constantFrom('', '', '?versionId=null', '?X-Amz-Signature=00ff&x="', '?a=[b]'),
    protocol: fc.constantFrom(' HTTP/1.1', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/2', ' HTTP/2.0', ''),
    hasUri: fc.integer({ min: 0, max: 9 }),
    status: fc.oneof(
      fc.constantFrom(200, 200, 206, null, 304, 404),
      fc.integer({ min: 100, max: 599 }),
    ),
    errorCode: fc.constantFrom('-', '-', 'NoSuchKey', 'AccessDenied'),
    bytesSent: counts,
    objectSize: counts,
    totalTime: counts,
    turnAroundTime: counts,
    referer: harmlessText,
    userAgent: harmlessText,
    tail: fc.nat(10).map((length) => TAIL.slice(0, length)),
  })
  .map(({ named, inPath, query, protocol, hasUri, ...parts }) => {
    const path = inPath ? `/${parts.bucket}/${named.target}` : `/${named.target}`;
    const requestUri =
      hasUri === 0
        ? Buffer.from('-')
        : quoted(Buffer.from(`GET ${path}${query}${protocol}`, 'utf8'));
    return { ...parts, key: named.key, requestUri };
  });

const TAIL = [
  ...['-', 'aG9zdElk+/=', 'SigV4', 'ECDHE-RSA-AES128-GCM-SHA256', 'AuthHeader'],
  ...['example-bucket.s3.eu-central-1.amazonaws.com', 'TLSv1.3', '-', '-', 'eu-central-1'],
];

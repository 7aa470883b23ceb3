/** Positions of a line's fields, in the order of the S3 server access log format. */
export const FIELD = {
  bucketOwner: 0,
  bucket: 1,
  time: 2,
  remoteIp: 3,
  requester: 4,
  requestId: 5,
  operation: 6,
  key: 7,
  requestUri: 8,
  status: 9,
  errorCode: 10,
  bytesSent: 11,
  objectSize: 12,
  totalTime: 13,
  turnAroundTime: 14,
  referer: 15,
  userAgent: 16,
} as const;

/** What a line counts as. */
export const KIND = { skipped: 0, request: 1, download: 2 } as const;

/**
 * The one place where `parseLine` leaves what it found. It is made once and used for every line,
 * so that a line costs no object.
 */
export class Line {
  /** Start and end of field f in the buffer at [2f] and [2f+1], quotes excluded. */
  readonly bounds = new Int32Array(2 * 17);
  /** Seconds since 1970, UTC. */
  timeSeconds = 0;
  /** The remote address in 16-byte form as four big-endian words; v4 is `::ffff:a.b.c.d`. */
  readonly addressWords = new Uint32Array(4);
  /** False when the log names no address (`-`). */
  hasAddress = false;
  /** 0 for `-`. */
  status = 0;
  /** Bytes sent as two 32-bit halves: a count may exceed 2^53. */
  bytesSentLow = 0;
  bytesSentHigh = 0;
  /** Set of `NOTE` bits. */
  notes = 0;
  /** One of `KIND`; valid for accepted lines. */
  kind: number = KIND.skipped;
  /** Where the fields after the user agent begin. */
  tailStart = 0;
}

import type { Random } from './random.js';

/** The parts of one line that differ between kinds of requests. */
export interface LineFields {
  /** Bucket owner, bucket, time, remote address, with a space at the end. */
  head: string;
  /** Requester and request id, with a space at the end. */
  id: string;
  key: string;
  /** Request target and protocol. */
  target: string;
  /** Size of the object in bytes. */
  size: number;
  /** Total and turn-around time. */
  times: string;
  /** Referer and user agent, quoted. */
  clients: string;
}

/** The parts that mean nothing to the account but make a line as long as real ones. */
export interface LineTails {
  /** Bucket owner and bucket. */
  readonly owner: (bucket: number) => string;
  readonly requestId: () => string;
  /** Fields 18 to 24, 25, 26, 27 or 28, with a space before. */
  readonly tail: (bucket: number) => string;
}

const POOL = 4_096;
const ENDINGS = ['', ' -', ' - -', ' - Yes', ' - - us-east-1', ' - - us-east-1 -'];

export function lineTails(buckets: number, random: Random): LineTails {
  const hex = Array.from({ length: 65_536 }, (_, i) =>
    i.toString(16).toUpperCase().padStart(4, '0'),
  );
  const owners = Array.from(
    { length: buckets },
    (_, b) => `${hexText(64, random)} ${bucketName(b)}`,
  );
  const versions = Array.from({ length: POOL }, (_, i) => (i % 3 ? base64Text(32, random) : '-'));
  const hosts = Array.from({ length: POOL }, () => `${base64Text(75, random)}=`);
  return {
    owner: (bucket) => owners[bucket],
    requestId: () => {
      const high = random.next();
      const low = random.next();
      return hex[high >>> 16] + hex[high & 0xffff] + hex[low >>> 16] + hex[low & 0xffff];
    },
    tail: (bucket) => {
      const roll = random.next();
      const signed = roll & 1;
      return ` ${versions[roll & (POOL - 1)]} ${hosts[(roll >>> 12) & (POOL - 1)]} ${
        signed ? 'SigV4' : '-'
      } ECDHE-RSA-AES128-GCM-SHA256 ${signed ? 'AuthHeader' : '-'} ${bucketName(
        bucket,
      )}.s3.amazonaws.com TLSv1.2${ENDINGS[(roll >>> 24) % ENDINGS.length]}`;
    },
  };
}

export function bucketName(bucket: number): string {
  return bucket === 0 ? 'benchmark-archive' : `benchmark-archive-${bucket}`;
}

function hexText(length: number, random: Random): string {
  return textOf('0123456789abcdef', length, random);
}

function base64Text(length: number, random: Random): string {
  return textOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', length, random);
}

function textOf(alphabet: string, length: number, random: Random): string {
  return Array.from({ length }, () => alphabet[random.below(alphabet.length)]).join('');
}

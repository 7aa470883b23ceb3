import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachePaths } from '../../cache/paths.js';
import type { LogReport } from '../../validation/log-report.js';
import { protocolsOf } from '../../validation/protocols.js';
import { type ValidateLogsOptions, validateLogs } from '../../validation/validate-logs.js';
import { scratchDirectory } from '../support/scratch.js';

/** 2024-03-05T10:00:00Z, when the first file was delivered. */
export const DELIVERED = Date.UTC(2024, 2, 5, 10) / 1000;

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `06/Feb/2019:00:00:38`. */
export function clock(seconds: number): string {
  const at = new Date(seconds * 1000);
  const day = String(at.getUTCDate()).padStart(2, '0');
  return `${day}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)}`;
}

/** What S3 calls a file that it delivers then; the number makes it unique. */
export function fileName(seconds: number, number: number): string {
  const time = new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  return `${time}-${(0xabc0_0000_0000 + number).toString(16).toUpperCase().padStart(16, '0')}`;
}

/** The parts of a line, as text; each may be planted by itself. */
export interface LineParts {
  time: string;
  ip: string;
  requester: string;
  id: string;
  operation: string;
  key: string;
  target: string;
  protocol: string;
  status: string;
  sent: string;
  size: string;
  referer: string;
  agent: string;
}

/** A line that no protocol finds anything in: every one is another. */
export function soundLine(number: number, parts: Partial<LineParts> = {}): string {
  const key = parts.key ?? `ds${number % 3}/sub-${number}/scan.nii.gz`;
  const size = String(1000 + number);
  const given: LineParts = {
    time: `${clock(DELIVERED - 3600 + (number % 1800))} +0000`,
    ip: `192.0.2.${1 + (number % 250)}`,
    requester: '-',
    id: number.toString(16).toUpperCase().padStart(16, '0'),
    operation: 'REST.GET.OBJECT',
    key,
    target: `/${key}`,
    protocol: ' HTTP/1.1',
    status: '200',
    sent: parts.size ?? size,
    size,
    referer: '-',
    agent: 'curl/8.4.0',
    ...parts,
  };
  return [
    'a'.repeat(64),
    'bucket-of-tests',
    `[${given.time}]`,
    given.ip,
    given.requester,
    given.id,
    given.operation,
    given.key,
    `"GET ${given.target}${given.protocol}"`,
    given.status,
    '-',
    given.sent,
    given.size,
    '17 9',
    `"${given.referer}"`,
    `"${given.agent}"`,
    `- ${'h'.repeat(75)}= SigV4 ECDHE-RSA-AES128-GCM-SHA256 - bucket-of-tests.s3.amazonaws.com TLSv1.2 - -`,
  ].join(' ');
}

/** Log files below a new folder, and lines planted in them. */
export class SoundLogs {
  readonly root = scratchDirectory();
  readonly source = join(this.root, 'logs');
  readonly files: { name: string; lines: string[] }[] = [];

  /** @param files sound ones, each with so many lines */
  constructor(files = 3, lines = 20) {
    for (let file = 0; file < files; file++) {
      const name = fileName(DELIVERED + 60 * file, file);
      const numbers = Array.from({ length: lines }, (_, i) => file * lines + i);
      this.files.push({ name, lines: numbers.map((number) => soundLine(number)) });
    }
  }

  /** Put a line, as latin1, in the place of another. @returns where it will be found */
  plant(file: number, line: number, text: string): { file: string; offset: number } {
    const { name, lines } = this.files[file] as (typeof this.files)[number];
    lines[line] = text;
    const before = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
    return { file: join(this.source, name), offset: before };
  }

  write(encode: (text: Buffer) => Uint8Array = (text) => text, suffix = ''): void {
    for (const { name, lines } of this.files) {
      const path = join(this.source, `${name}${suffix}`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, encode(Buffer.from(`${lines.join('\n')}\n`, 'latin1')));
    }
  }

  /** In this process and thread. */
  validate(protocols: string, options: Partial<ValidateLogsOptions> = {}): Promise<LogReport> {
    return validateLogs({
      source: this.source,
      protocols: protocolsOf(protocols),
      workers: 1,
      here: true,
      paths: cachePaths(join(this.root, 'cache')),
      ...options,
    });
  }
}

/** What was found, without what is for people: `protocol reason file:offset`. */
export function told({ findings }: LogReport): string[] {
  return findings.map(
    ({ protocol, reason, file, offset }) => `${protocol} ${reason} ${file}:${offset}`,
  );
}

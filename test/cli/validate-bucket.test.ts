import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { s3Server } from '../support/s3-server.js';
import { PLANTED } from '../validation/planted-lines.js';
import { DELIVERED, fileName, soundLine } from '../validation/sound-logs.js';

const LINES = 20;

it('validate finds each planted defect in a bucket, also in .gz objects, and reads only what is new', async () => {
  const sandbox = new Sandbox();
  const store = await s3Server();
  const expected: string[] = [];
  const put = (number: number, lines: string[], modifiedMs?: number): string => {
    const name = `${fileName(DELIVERED + 60, number)}${number % 2 === 0 ? '.gz' : ''}`;
    const text = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
    store.put(`in/${name}`, number % 2 === 0 ? gzipSync(text) : text, modifiedMs);
    return name;
  };
  const soundLines = (number: number): string[] =>
    Array.from({ length: LINES }, (_, i) => soundLine(1000 + number * LINES + i));
  const offsetOf = (lines: string[], at: number): number =>
    lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
  // Each defect in a plain object and in a compressed one.
  for (const [index, [, parts, found]] of PLANTED.entries()) {
    for (const number of [2 * index, 2 * index + 1]) {
      const lines = soundLines(number);
      lines[7] = soundLine(27, { id: `F${number}`.padEnd(16, '0'), agent: `n${number}`, ...parts });
      const name = put(number, lines);
      expected.push(...found.map((what) => `${what} ${name}:${offsetOf(lines, 7)}`));
    }
  }
  const last = 2 * PLANTED.length;
  const copied = soundLines(last);
  copied[9] = copied[2] as string;
  expected.push(`duplicates again ${put(last, copied)}:${offsetOf(copied, 9)}`);
  const validate = async (protocols: string) => {
    store.requests.length = 0;
    const args = ['validate', protocols, 's3://logs/in', '--endpoint', store.url, '--json'];
    const keys = { AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 'S', AWS_REGION: 'us-east-1' };
    const { status, json } = await sandbox.run(args, { env: { ...sandbox.env, ...keys } });
    const told = json.findings.map(
      (one: { protocol: string; reason: string; file: string; offset: number }) =>
        `${one.protocol} ${one.reason} ${one.file.split('/').at(-1)}:${one.offset}`,
    );
    const fetched = store.requests.filter((request) => !request.includes('list-type=2'));
    return { status, told: told.sort(), fetched };
  };
  const first = await validate('all');
  expect(first.status).toBe(6);
  expect(first.told).toEqual(expected.sort());
  const lasting = 'lines,downloads_logic,timestamps,late,http_split,extraction_heuristic';
  const again = await validate(lasting);
  expect(again.fetched).toEqual([]);
  const known = expected.filter((what) => !what.startsWith('duplicates'));
  expect(again.told).toEqual(known);
  // An object written anew is read again, and no other.
  const changed = put(1, soundLines(1), Date.parse('2025-03-02T00:00:00Z'));
  const third = await validate(lasting);
  expect(third.fetched.every((request) => request.includes(changed))).toBe(true);
  expect(third.fetched.length).toBeGreaterThan(0);
  expect(third.told).toEqual(known.filter((what) => !what.includes(`${changed}:`)));
});

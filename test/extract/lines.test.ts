import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeLine } from '../../src/extract/describe-line.js';
import { splitLines } from './split-lines.js';

/** `X.log` holds lines, `X.json` what each of them says or why it is refused. A new case is a new line. */
const folder = join(import.meta.dirname, '../fixtures/lines');
const families = readdirSync(folder)
  .filter((file) => file.endsWith('.log'))
  .map((file) => file.slice(0, -'.log'.length));

/** Numbers as JSON has them, as text from 2^53 on. */
function plain(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

describe.each(families)('the lines of %s', (family) => {
  const lines = splitLines(readFileSync(join(folder, `${family}.log`)));
  const expected: Record<string, unknown>[] = JSON.parse(
    readFileSync(join(folder, `${family}.json`), 'utf8'),
  );

  it('has an expected parse for each line', () => {
    expect(lines.length).toBe(expected.length);
    expect(lines.length).toBeGreaterThan(0);
  });

  it.each(expected.map((want, index) => ({ want, number: index + 1 })))(
    'reads line $number as expected',
    ({ want, number }) => {
      const found = describeLine(lines[number - 1]) as unknown as Record<string, unknown>;
      const seen = Object.entries(found)
        .map(([field, value]) => [field, plain(value)] as const)
        .filter(([field]) => field in want || field === 'reason' || 'reason' in want);
      const wanted = Object.entries(want).map(([field, value]) => [
        field,
        typeof value === 'string' && typeof found[field] === 'bigint' ? text(value) : value,
      ]);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(wanted));
    },
  );
});

function text(digits: string): unknown {
  return plain(BigInt(digits));
}

it('shows documentation addresses only', () => {
  for (const family of families) {
    const content = readFileSync(join(folder, `${family}.log`), 'latin1');
    for (const line of content.split('\n')) {
      const address = / \[[^\]]*\] +(\d+\.\d+\.\d+\.\d+) /.exec(line)?.[1];
      expect(address ?? '192.0.2.0').toMatch(/^(192\.0\.2|198\.51\.100|203\.0\.113)\./);
    }
  }
});

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { describeLine } from '../../src/extract/describe-line.js';
import { root } from '../architecture/source-files.js';
import { canonicalAddress, filesBelow, scratchDirectory } from './helpers.js';

const bundled = join(root, 'test/fixtures/example-logs');
const truth = JSON.parse(readFileSync(`${bundled}.truth.json`, 'utf8'));
const scratch = scratchDirectory();

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the bundled example logs', () => {
  const contents = filesBelow(bundled).map(({ name, content }) =>
    name.endsWith('.gz') ? gunzipSync(Buffer.from(content, 'latin1')).toString('latin1') : content,
  );
  const lines = contents.flatMap((content) => content.replace(/\n$/, '').split('\n'));
  const parsed = lines.map((line) => describeLine(Buffer.from(line, 'latin1')));
  const accepted = parsed.flatMap((line) => ('reason' in line ? [] : [line]));

  it('are what their script makes', () => {
    const again = join(scratch, 'logs');
    execFileSync(process.execPath, [join(root, 'test/fixtures/make-example-logs.mjs'), again]);
    const texts = filesBelow(again).map(({ name, content }) => ({
      name,
      content: name.endsWith('.gz')
        ? gunzipSync(Buffer.from(content, 'latin1')).toString('latin1')
        : content,
    }));
    expect(texts.map(({ name }) => name)).toEqual(filesBelow(bundled).map(({ name }) => name));
    expect(texts.map(({ content }) => content)).toEqual(contents);
    expect(JSON.parse(readFileSync(`${again}.truth.json`, 'utf8'))).toEqual(truth);
  });

  it('come to their truth file', () => {
    expect(contents).toHaveLength(truth.files);
    const kept = accepted.filter((line) => line.isKept);
    expect({ total: lines.length, kept: kept.length, accepted: accepted.length }).toEqual({
      total: truth.lines.total,
      kept: truth.lines.kept,
      accepted: truth.lines.kept + truth.lines.skipped,
    });
    const reasons = parsed.flatMap((line) => ('reason' in line ? [line.reason] : []));
    expect(reasons.sort()).toEqual(Object.keys(truth.lines.reasons).sort());
    const bytesOf = (dataset: string) =>
      kept
        .filter((line) => line.key?.startsWith(`${dataset}/`))
        .reduce((sum, line) => sum + (line.bytesSent ?? 0n), 0n);
    for (const [dataset, sums] of Object.entries<{ bytes_sent: string }>(truth.datasets)) {
      expect(bytesOf(dataset).toString()).toBe(sums.bytes_sent);
    }
  });

  it('hold no address but those reserved for documentation', () => {
    const addresses = accepted.flatMap((line) => line.remoteIp ?? []);
    expect(addresses.length).toBeGreaterThan(100);
    const reserved = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;
    for (const address of addresses) {
      const isReserved =
        reserved.test(address) || canonicalAddress(address).startsWith('[2001:db8:');
      expect(isReserved).toBe(true);
    }
  });
});

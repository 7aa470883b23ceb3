import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LogReport } from '../../validation/log-report.js';
import { protocolsOf } from '../../validation/protocols.js';
import { SoundLogs, soundLine } from './sound-logs.js';

/** More files than a thread gets at once. */
const FILES = 150;

let logs: SoundLogs;

beforeEach(() => {
  logs = new SoundLogs(FILES, 3);
  for (let file = 0; file < FILES; file += 10)
    logs.plant(file, 1, soundLine(file, { ip: '300.1.2.3' }));
  logs.plant(7, 2, soundLine(3, { protocol: ' HTTP/2.0' }));
  logs.plant(99, 0, logs.files[55]?.lines[1] as string);
  logs.write();
});

/** All of a report but what tells what was read. */
function said({ files, elapsedMs: _elapsed, ...rest }: LogReport) {
  return { ...rest, files: { found: files.found, failed: files.failed } };
}

function state(name = ''): string {
  return join(logs.root, 'cache', 'validation', name);
}

describe('a run over log files', () => {
  it('reads nothing again, and says the same', async () => {
    const first = await logs.validate('all');
    expect(first.files).toEqual({ found: FILES, read: FILES, known: 0, failed: 0 });
    const again = await logs.validate('lines,http_split,late');
    expect(again.files).toEqual({ found: FILES, read: 0, known: FILES, failed: 0 });
    const names = again.protocols.map(({ protocol }) => protocol);
    expect(again.protocols).toEqual(
      first.protocols.filter(({ protocol }) => names.includes(protocol)),
    );
    expect(again.findings).toEqual(
      first.findings.filter(({ protocol }) => names.includes(protocol)),
    );
    // Lines of all files are compared in each run.
    const all = await logs.validate('all');
    expect(all.files.read).toBe(FILES);
    expect(said(all)).toEqual(said(first));
  });

  it('asks only the protocols that were not asked before', async () => {
    await logs.validate('lines');
    const mixed = await logs.validate('lines,extraction_heuristic');
    expect(mixed.files).toMatchObject({ read: FILES, known: 0 });
    rmSync(state(), { recursive: true });
    expect(said(await logs.validate('lines,extraction_heuristic'))).toEqual(said(mixed));
  });

  it('reads again just what has changed, and forgets what has gone', async () => {
    await logs.validate('lines');
    const [gone, changed] = [logs.files[0]?.name, logs.files[1]?.name] as [string, string];
    rmSync(join(logs.source, gone));
    appendFileSync(join(logs.source, changed), 'no line\n');
    const report = await logs.validate('lines');
    expect(report.files).toEqual({ found: FILES - 1, read: 1, known: FILES - 2, failed: 0 });
    // One in ten files had a defect, the first among them.
    expect(report.protocols[0]?.findings).toBe(FILES / 10 - 1 + 1);
    expect((await logs.validate('lines')).files.read).toBe(0);
  });

  it('looks at all files again by a new version of a protocol, and by that only', async () => {
    await logs.validate('lines,late');
    const [lines, late] = protocolsOf('lines,late');
    if (lines === undefined || late === undefined) throw new Error('They are there.');
    const changed = { ...lines, version: 2 };
    const report = await logs.validate('lines', { protocols: [late, changed] });
    expect(report.files.read).toBe(FILES);
    expect(existsSync(state('lines-v1.files'))).toBe(false);
    expect((await logs.validate('lines', { protocols: [late] })).files.read).toBe(0);
    expect((await logs.validate('lines', { protocols: [changed] })).files.read).toBe(0);
    expect((await logs.validate('lines')).files.read).toBe(FILES);
  });

  it('goes on where another stopped, whenever that was, and comes to the same', async () => {
    const undisturbed = said(await logs.validate('all'));
    for (const stopAt of [1, 70, 149]) {
      rmSync(state(), { recursive: true });
      let asked = 0;
      const stopped = await logs.validate('all', { shouldStop: () => ++asked > stopAt });
      expect(stopped.stopped).toBe(true);
      expect(stopped.files.read).toBe(64 * Math.floor(stopAt / 64));
      const rest = await logs.validate('lines,late');
      expect(rest.files).toMatchObject({ known: stopped.files.read, failed: 0 });
      expect(said(await logs.validate('all'))).toEqual(undisturbed);
    }
  });

  it('says the same whatever has become of its state', async () => {
    const whole = said(await logs.validate('lines'));
    const files = ['lines-v1.files', 'lines-v1.verdicts'];
    const kept = files.map((name) => readFileSync(state(name)));
    for (const [i, name] of files.entries()) {
      const bytes = kept[i] as Buffer;
      for (const part of [0, 0.3, 0.77, 0.999]) {
        const at = Math.floor(bytes.length * part);
        for (const damage of ['cut', 'bit']) {
          for (const [j, other] of files.entries()) writeFileSync(state(other), kept[j] as Buffer);
          if (damage === 'cut') truncateSync(state(name), at);
          else {
            const changed = Buffer.from(bytes);
            changed[at] = (changed[at] as number) ^ 1;
            writeFileSync(state(name), changed);
          }
          const report = await logs.validate('lines');
          expect(said(report)).toEqual(whole);
          expect(report.files.read).toBeGreaterThan(0);
        }
      }
    }
  });

  it('reads a file again when more findings are wanted than it has noted', async () => {
    logs.plant(3, 0, 'no line');
    logs.plant(3, 1, 'no line');
    logs.write();
    const counts = [0, 1, 2, 1].map(
      (maxFindings) => async () => (await logs.validate('lines', { maxFindings })).files.read,
    );
    expect(await counts[0]?.()).toBe(FILES);
    // Those with findings.
    expect(await counts[1]?.()).toBe(FILES / 10 + 1);
    expect(await counts[2]?.()).toBe(1);
    expect(await counts[3]?.()).toBe(0);
  });

  it('leaves no address and no line in its state, which is for its user only', async () => {
    await logs.validate('all');
    const names = readdirSync(state());
    expect(names.length).toBeGreaterThan(10);
    for (const name of names.filter((one) => one !== 'lock')) {
      const bytes = readFileSync(state(name)).toString('latin1');
      expect(bytes).not.toMatch(/192\.0\.2|300\.1\.2|bucket-of-tests|scan\.nii/);
      expect(statSync(state(name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(state()).mode & 0o777).toBe(0o700);
  });
});

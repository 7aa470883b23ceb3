import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type CommitRecord,
  listCommits,
  readCommit,
  type SegmentFile,
  writeCommit,
} from '../../cache/commit-record.js';
import { type CachePaths, cachePaths } from '../../cache/paths.js';
import { readManifest, writeManifest } from '../../cache/rollup-manifest.js';
import { Sandbox } from '../support/cli.js';
import { logText } from '../support/truth.js';

let sandbox: Sandbox;
let paths: CachePaths;
let commit: CommitRecord;

beforeEach(async () => {
  sandbox = new Sandbox();
  const lines = [1, 2, 3].map((client) => ({
    key: `ds1/${client}`,
    time: 1_700_000_000,
    client,
    bytes: 5n,
  }));
  sandbox.write('a.log', `${logText(lines)}no line\n`);
  await sandbox.done('update', '--from', 'logs');
  paths = cachePaths(sandbox.cache);
  commit = readCommit(paths, listCommits(paths)[0] as string);
});

/** Claims that do not hold, each once. */
async function refuted(): Promise<string[]> {
  const ended = await sandbox.run(['validate', 'cache', '--json']);
  const claims = ended.json.findings.map((finding: { claim: string }) => finding.claim);
  expect(ended.status).toBe(claims.length === 0 ? 0 : 6);
  return [...new Set<string>(claims)].sort();
}

/** Change one bit in the middle of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
}

function segment(name: string): string {
  return join(paths.segments, name);
}

describe('the protocol "cache"', () => {
  it('finds nothing in a cache that is whole', async () => {
    expect(await refuted()).toEqual([]);
  });

  it('finds a changed bit in every kind of file, and nothing else', async () => {
    const kinds: [string, string][] = [
      ['commit-intact', join(paths.commits, `${commit.commit}.json`)],
      ['segment-intact', segment((commit.records[0] as SegmentFile).file)],
      ['segment-intact', segment((commit.rejects[0] as SegmentFile).file)],
      ['segment-intact', segment(commit.files.file)],
      ...readdirSync(paths.rollups)
        .filter((name) => /\.(sums|parquet)$/.test(name))
        .map((name): [string, string] => ['rollup-intact', join(paths.rollups, name)]),
    ];
    expect(kinds).toHaveLength(6);
    for (const [claim, path] of kinds) {
      const intact = readFileSync(path);
      damage(path);
      expect(await refuted(), path).toEqual([claim]);
      writeFileSync(path, intact);
    }
  });

  it('finds a missing and a shortened segment', async () => {
    const path = segment((commit.records[0] as SegmentFile).file);
    const intact = readFileSync(path);
    writeFileSync(path, intact.subarray(1));
    expect(await refuted()).toEqual(['segment-intact']);
    rmSync(path);
    expect(await refuted()).toEqual(['segment-intact']);
  });

  it('finds an account that does not add up, though its checksum is right', async () => {
    const lines = { ...commit.lines, skipped: commit.lines.skipped + 1 };
    writeCommit(paths, { ...commit, lines });
    expect(await refuted()).toContain('commit-intact');
    // Nor does anything else make numbers of it.
    const { status, stderr } = await sandbox.run(['update', 'summaries']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('does not add up')]);
  });

  it('finds an account that is not that of the log files, though it adds up', async () => {
    const { total, skipped } = commit.lines;
    writeCommit(paths, {
      ...commit,
      lines: { ...commit.lines, total: total + 1, skipped: skipped + 1 },
    });
    expect(await refuted()).toEqual(['lines-accounted']);
  });

  it('finds an output that has more lines, or fewer, than its commit says', async () => {
    const file = `${commit.commit}-x.marks.output`;
    const text = 'one\ntwo\n';
    writeFileSync(segment(file), text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    for (const [rows, claims] of [
      [2, []],
      [3, ['lines-accounted']],
      [1, ['lines-accounted']],
    ] as const) {
      const output = { file, rows, bytes: text.length, sha256 };
      writeCommit(paths, { ...commit, outputs: [output] });
      expect(await refuted()).toEqual(claims);
    }
  });

  it('finds a log file that counts twice', async () => {
    const twin = commit.commit.replace(/\d{6}$/, '000009');
    const copy = (found: SegmentFile): SegmentFile => {
      const file = found.file.replace(commit.commit, twin);
      copyFileSync(segment(found.file), segment(file));
      return { ...found, file };
    };
    writeCommit(paths, {
      ...commit,
      commit: twin,
      records: commit.records.map(copy),
      rejects: commit.rejects.map(copy),
      files: copy(commit.files),
    });
    expect(await refuted()).toEqual(['exactly-once']);
  });

  it('finds rollups that are not the sums of the records', async () => {
    const manifest = readManifest(paths);
    if (manifest === undefined) throw new Error('no manifest');
    writeManifest(paths, { ...manifest, runs: manifest.runs.map((run) => ({ ...run, sums: [] })) });
    expect(await refuted()).toEqual(['rollups-add-up']);
  });
});

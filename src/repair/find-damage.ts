import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCheck, parquetFiles, requireIntact } from '../../cache/checked-parquet.js';
import {
  type CommitRecord,
  listCommits,
  readCommit,
  segmentsOf,
} from '../../cache/commit-record.js';
import { readGrouping } from '../../cache/datasets/grouping.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { readIndexFile } from '../../cache/index-memory.js';
import type { CachePaths } from '../../cache/paths.js';
import { checkOfPublished, knownChecks } from '../../cache/published-checks.js';
import { regionsDirectory } from '../../cache/region-table.js';
import { readManifest, rollupFiles } from '../../cache/rollup-manifest.js';
import { verifyFile } from '../../cache/verify-file.js';
import { judgePublished, publishedFiles } from '../summarize/published-files.js';

/** A commit of which something is not what was written. */
export interface DamagedCommit {
  readonly commit: string;
  /** Undefined when it is the record itself. */
  readonly record: CommitRecord | undefined;
  /** Whether the list of its log files is whole. */
  readonly hasLedger: boolean;
  /** The files concerned, and what is wrong with each. */
  readonly findings: readonly string[];
}

export interface Damage {
  readonly commits: readonly DamagedCommit[];
  /** Files of rollups, which are made anew. */
  readonly rollups: readonly string[];
  /** Files of regions and of indexes of requesters: what they hold is looked up or drawn again. */
  readonly requesters: readonly { readonly path: string; readonly what: string }[];
  /** Published files that are not what was published, or that no dataset owns; they are published anew. */
  readonly published: readonly string[];
  /** What is wrong with the settings, or the file of datasets that they name, and what to do: only the user can say them again. */
  readonly settings: string | undefined;
}

/**
 * Compare every file of a cache with what is recorded of it.
 *
 * @param onFile called before each file that is read
 */
export async function findDamage(
  paths: CachePaths,
  onFile: (file: string) => void = () => {},
): Promise<Damage> {
  const commits: DamagedCommit[] = [];
  for (const commit of listCommits(paths)) {
    const damaged = await checkCommit(paths, commit, onFile);
    if (damaged !== undefined) commits.push(damaged);
  }
  const requesters = [];
  for (const path of [...parquetFiles(paths.indexes), ...parquetFiles(regionsDirectory(paths))]) {
    onFile(path);
    const what = await damageOf(() => {
      requireIntact(path);
      // What an earlier version wrote has no check in its name: it can be read, or not.
      if (dirname(path) === paths.indexes && !hasCheck(path)) readIndexFile(path);
    });
    if (what !== undefined) requesters.push({ path, what });
  }
  return {
    commits,
    rollups: await damagedRollups(paths, onFile),
    requesters,
    published: damagedPublished(paths, onFile),
    settings: damagedSettings(paths),
  };
}

function damagedSettings(paths: CachePaths): string | undefined {
  try {
    readGrouping(paths);
    return undefined;
  } catch (error) {
    if (error instanceof S3LogExtractionError) return `${error.message} ${error.hint ?? ''}`.trim();
    throw error;
  }
}

function damagedPublished(paths: CachePaths, onFile: (file: string) => void): string[] {
  const checks = knownChecks(paths);
  if (checks === undefined) return [];
  const names = new Set([...checks.files.keys(), ...publishedFiles(paths)]);
  return [...names]
    .filter((name) => {
      onFile(join(paths.summaries, name));
      return judgePublished(checks, name, checkOfPublished(paths, name)) === 'damaged';
    })
    .map((name) => join(paths.summaries, name));
}

async function checkCommit(
  paths: CachePaths,
  commit: string,
  onFile: (file: string) => void,
): Promise<DamagedCommit | undefined> {
  onFile(join(paths.commits, `${commit}.json`));
  let record: CommitRecord | undefined;
  const broken = await damageOf(() => {
    record = readCommit(paths, commit);
  });
  if (record === undefined) {
    const hasLedger = existsSync(join(paths.segments, `${commit}.files.parquet`));
    return { commit, record, hasLedger, findings: broken === undefined ? [] : [broken] };
  }
  const findings: string[] = [];
  let hasLedger = true;
  for (const segment of segmentsOf(record)) {
    const path = join(paths.segments, segment.file);
    onFile(path);
    const what = await damageOf(() => verifyFile(path, segment));
    if (what === undefined) continue;
    findings.push(what);
    if (segment === record.files) hasLedger = false;
  }
  return findings.length === 0 ? undefined : { commit, record, hasLedger, findings };
}

async function damagedRollups(
  paths: CachePaths,
  onFile: (file: string) => void,
): Promise<string[]> {
  const path = join(paths.rollups, 'manifest.json');
  if (!existsSync(path)) return [];
  const manifest = readManifest(paths);
  if (manifest === undefined) return [path];
  const damaged: string[] = [];
  for (const file of rollupFiles(manifest)) {
    const rollup = join(paths.rollups, file.file);
    onFile(rollup);
    if ((await damageOf(() => verifyFile(rollup, file))) !== undefined) damaged.push(rollup);
  }
  return damaged;
}

/** What a check says is damaged. Other failures pass. */
async function damageOf(check: () => void | Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof S3LogExtractionError && error.code === 'CACHE_DAMAGED') {
      return error.message;
    }
    throw error;
  }
}

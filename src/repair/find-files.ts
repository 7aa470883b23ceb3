import { join } from 'node:path';
import { listCommits, readCommit } from '../../cache/commit-record.js';
import { systemErrorCode } from '../../cache/error.js';
import { readIndexManifest } from '../../cache/ledger/index-manifest.js';
import { readIdentities, readNames } from '../../cache/ledger/ledger-segment.js';
import type { Ledger } from '../../cache/ledger.js';
import type { CachePaths } from '../../cache/paths.js';
import { compareFile } from '../extract/compare-file.js';
import { logFileName } from '../source/log-name.js';
import { logPath } from '../source/log-path.js';
import { walkFolder } from '../source/walk-folder.js';
import type { DamagedCommit } from './find-damage.js';

/** The names of the log files of a damaged commit; undefined when they cannot be told. */
export async function namesOf(
  paths: CachePaths,
  { commit, record, hasLedger }: DamagedCommit,
): Promise<readonly string[] | undefined> {
  if (!hasLedger) return undefined;
  if (record !== undefined) {
    return (await readIdentities(paths, record.files)).map(({ name }) => name);
  }
  // Nothing says whether it is whole; what is in it need only be looked for.
  return readNames(join(paths.segments, `${commit}.files.parquet`));
}

/** Where the log files of a commit were; undefined when that cannot be told. */
export function sourceOf(paths: CachePaths, { commit, record }: DamagedCommit): string | undefined {
  if (record !== undefined) return record.source;
  const run = runOf(commit);
  const told = readIndexManifest(paths)?.account.runs.find((other) => other.run === run);
  if (told !== undefined) return told.source;
  for (const other of listCommits(paths)) {
    if (other === commit || runOf(other) !== run) continue;
    try {
      return readCommit(paths, other).source;
    } catch {
      // Damaged, too.
    }
  }
  return undefined;
}

/** Which of some names are below a folder. A folder that is not there has none. */
export async function findNames(
  source: string,
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  try {
    for await (const entries of walkFolder(logPath(source), () => false)) {
      for (const entry of entries) {
        if (entry.kind !== 'file') continue;
        const name = logFileName(entry.relativePath);
        if (wanted.has(name)) found.add(name);
      }
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') throw error;
  }
  return found;
}

/** Commits that hold a log file whose content below a folder is another one now. */
export async function commitsOfChanged(
  source: string,
  ledger: Ledger,
): Promise<Map<string, readonly string[]>> {
  const changed = new Map<string, string[]>();
  for await (const entries of walkFolder(logPath(source), () => false)) {
    for (const entry of entries) {
      if (entry.kind !== 'file') continue;
      const name = logFileName(entry.relativePath);
      const state = ledger.lookUp(name, entry.sizeBytes, entry.modifiedMs);
      if (state === 'same' || state === 'new') continue;
      const known = await ledger.find(state, name);
      if (known === undefined || known.sizeBytes === 0) continue;
      if ((await compareFile(entry, known)) !== 'different') continue;
      const commit = await ledger.commitOf(state, name);
      if (commit === undefined) continue;
      changed.set(commit, [...(changed.get(commit) ?? []), name]);
    }
  }
  return changed;
}

function runOf(commit: string): string | undefined {
  return commit.split('-')[1];
}

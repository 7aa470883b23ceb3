import { joinLogPath, type LogPath } from '../log-path.js';
import { type FileStats, NO_FILE, statFiles } from '../stat-files.js';
import { StatThread } from '../stat-thread.js';
import type { SourceFile, SourceProblem } from '../walk-folder.js';
import { InventoryAccount } from './inventory-object.js';
import { emptyLeftOut, listedPath, prefixFolder } from './listed-path.js';
import type { Inventory } from './open-inventory.js';
import { readInventory } from './read-inventory.js';

/** Paths looked at together. */
const BATCH = 1024;

/** Missing files that are kept by name. */
const MOST_NAMES = 20;

/** What became of the objects that an inventory lists. */
export class ListedFilesAccount {
  /** Log files to be expected below the source. */
  files = 0;
  /** Of these, not there in any form, and not extracted before. */
  missing = 0;
  /** Not there any more, and extracted before. */
  extractedAndGone = 0;
  readonly leftOut = emptyLeftOut();
  /** The first ones that are missing. */
  readonly missingNames: LogPath[] = [];
  /** What reading the inventory showed. */
  readonly rows = new InventoryAccount();
}

/**
 * The files below a folder that an inventory lists, in its order, some hundred at a time, as `walkFolder` has them. No folder is
 * read: what the inventory does not list is not looked for. A log is also found under its name with
 * `.gz` or `.zst`, or without: many keep them compressed.
 *
 * @param isKnown whether a log file below the source, by its path, was extracted before
 * @param account takes what else there is to say
 */
export async function* listedFiles(
  root: LogPath,
  inventory: Inventory,
  {
    prefix,
    isKnown,
    account,
  }: {
    readonly prefix: string | undefined;
    readonly isKnown: (path: LogPath) => boolean;
    readonly account: ListedFilesAccount;
  },
): AsyncGenerator<readonly (SourceFile | SourceProblem)[], void> {
  let thread: StatThread | undefined;
  const stat = async (paths: readonly LogPath[]): Promise<FileStats> => {
    // Not worth a thread when all is in one batch.
    if (paths.length >= BATCH) thread ??= new StatThread(root);
    return thread === undefined ? statFiles(root, paths) : thread.stat(paths);
  };
  const find = (paths: readonly LogPath[]) => findFiles(root, paths, stat, isKnown, account);
  try {
    const folder = prefixFolder(prefix);
    let paths: LogPath[] = [];
    for await (const objects of readInventory(inventory, account.rows)) {
      for (const { key } of objects) {
        const listed = listedPath(key, folder);
        if (typeof listed === 'string') account.leftOut[listed]++;
        else {
          account.files++;
          paths.push(listed.path);
        }
        if (paths.length < BATCH) continue;
        yield await find(paths);
        paths = [];
      }
    }
    yield await find(paths);
  } finally {
    thread?.close();
  }
}

async function findFiles(
  root: LogPath,
  paths: readonly LogPath[],
  stat: (paths: readonly LogPath[]) => Promise<FileStats>,
  isKnown: (path: LogPath) => boolean,
  account: ListedFilesAccount,
): Promise<(SourceFile | SourceProblem)[]> {
  const found: (SourceFile | SourceProblem)[] = [];
  let missing = takeFound(root, paths, await stat(paths), found, paths);
  for (let form = 0; form < OTHER_FORMS && missing.length > 0; form++) {
    const others = missing.map((path) => otherForms(path)[form] as LogPath);
    missing = takeFound(root, others, await stat(others), found, missing);
  }
  for (const path of missing) {
    if (isKnown(path)) {
      account.extractedAndGone++;
      continue;
    }
    account.missing++;
    if (account.missingNames.length < MOST_NAMES) account.missingNames.push(path);
  }
  return found;
}

/** @returns what is not there, as `originals` has it */
function takeFound(
  root: LogPath,
  paths: readonly LogPath[],
  { sizes, modified, reasons }: FileStats,
  found: (SourceFile | SourceProblem)[],
  originals: readonly LogPath[],
): LogPath[] {
  const missing: LogPath[] = [];
  let nextReason = 0;
  paths.forEach((relativePath, i) => {
    const path = joinLogPath(root, relativePath);
    const sizeBytes = sizes[i] as number;
    if (sizeBytes >= 0) {
      const modifiedMs = modified[i] as number;
      found.push({ kind: 'file', path, relativePath, sizeBytes, modifiedMs });
    } else if (sizeBytes === NO_FILE.unreadable) {
      const reason = reasons[nextReason++] as string;
      if (GONE.has(reason)) missing.push(originals[i] as LogPath);
      else found.push({ kind: 'problem', path, isLoss: true, reason });
    } else missing.push(originals[i] as LogPath);
  });
  return missing;
}

/** There is nothing at a path. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/** How many ways there are to store a log besides its own. */
const OTHER_FORMS = 2;

function otherForms(path: LogPath): LogPath[] {
  const [, plain, suffix] = /^(.*?)(\.gz|\.zst)?$/s.exec(path) as unknown as [
    string,
    string,
    string?,
  ];
  const forms = ['', '.gz', '.zst'].filter((form) => form !== (suffix ?? ''));
  return forms.map((form) => `${plain}${form}` as LogPath);
}

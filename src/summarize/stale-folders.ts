import { join } from 'node:path';
import { isSameFolder, listFolders } from '../../cache/published-folder.js';
import { foldedName } from './folded-name.js';

/**
 * Folders of summaries that are none of those that are to be there. One that is written otherwise, on a file system to which
 * that is the same, is.
 */
export function staleFolders(summaries: string, current: ReadonlySet<string>): string[] {
  const stale = listFolders(summaries).filter((folder) => !current.has(folder));
  if (stale.length === 0) return stale;
  const written = new Map([...current].map((folder) => [foldedName(folder), folder]));
  return stale.filter((folder) => {
    const other = written.get(foldedName(folder));
    return other === undefined || !isSameFolder(join(summaries, folder), join(summaries, other));
  });
}

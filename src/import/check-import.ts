import { join } from 'node:path';
import { plural } from '../../cache/count-text.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { Ledger } from '../../cache/ledger.js';
import type { FernetOpener } from './fernet.js';
import { isEncrypted, peerLines, peerObjects } from './peer-cache.js';
import type { PeerLedger } from './peer-ledger.js';

/** Before the names of objects in the ledger: no path below a source begins so. */
export const OBJECT = '//imported/';

/** Nothing says which log files the records of a cache are of. */
export class ImportWithoutLedgerError extends S3LogExtractionError {
  constructor(folder: string) {
    super(
      'IMPORT_NO_LEDGER',
      `Could not import ${folder}: it has records of objects, but nothing in "records" says which log files were read.`,
      {
        hint: 'Copy its folder "records", too: otherwise "extract" would count the same log files again. If none of them will ever be extracted here, import with --without-ledger.',
      },
    );
  }
}

/** Objects that were imported before may have more records now. */
export class ImportGrownError extends S3LogExtractionError {
  constructor(folder: string, names: number, object: string) {
    super(
      'IMPORT_GROWN',
      `Could not import ${folder}: it has read ${plural(names, 'log file')} not known here, and some of its objects, such as ${JSON.stringify(object)}, were imported before. Which of their records are new cannot be told.`,
      {
        hint: 'Nothing was changed. Extract those log files with "s3logextraction extract": they are not known here, so each counts once. Or import the whole cache into a new cache directory.',
      },
    );
  }
}

/**
 * Make sure, before anything is committed, that an import can be done as a whole and counts nothing twice.
 *
 * @param names of log files that are to be taken as read
 * @throws {PeerCacheError} its files cannot be opened with this password
 * @throws {ImportWithoutLedgerError} @throws {ImportGrownError}
 */
export function requireImportable(
  folder: string,
  peer: PeerLedger,
  names: readonly string[],
  ledger: Ledger,
  open: () => FernetOpener | undefined,
  withoutLedger: boolean,
): void {
  const isNew = (name: string): boolean => ledger.lookUp(name, 0, 0) === 'new';
  const hasLedger = peer.names.size + peer.unfinished.size > 0;
  const newNames = names.filter(isNew).length;
  let isOpen = false;
  for (const object of peerObjects(folder)) {
    if (!hasLedger && !withoutLedger) throw new ImportWithoutLedgerError(folder);
    if (newNames > 0 && !isNew(`${OBJECT}${object.key}`)) {
      throw new ImportGrownError(folder, newNames, object.key);
    }
    const addresses = join(object.folder, object.addresses);
    if (isOpen || !isEncrypted(addresses)) continue;
    for (const _ of peerLines(addresses, open)) break;
    isOpen = true;
  }
}

import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CacheWriteError, fsyncDirectory, PRIVATE, TEMPORARY_SUFFIX } from './atomic-write.js';
import type { Engine } from './engine.js';
import { S3LogExtractionError } from './error.js';
import { openOwnFile, renameToOwn, WRITE_OWN } from './own-file.js';
import { sqlString } from './sql.js';
import { type FileSeal, sealFile } from './verify-file.js';

/** A Parquet file that has just become durable. */
export interface WrittenParquet extends FileSeal {
  readonly rows: number;
}

/**
 * Write the rows of a query to a Parquet file, durably (FORMAT.md W1): DuckDB writes the temporary
 * name, then fsync, rename, fsync of the directory.
 *
 * @param path final name, or what makes one of the file's SHA-256
 * @param assertHeld called right before the rename; what it throws leaves nothing behind
 * @throws {EngineError}
 * @throws {CacheWriteError}
 */
export async function writeParquet(
  engine: Engine,
  what: string,
  query: string,
  path: string | ((sha256: string) => string),
  assertHeld: () => void = () => {},
): Promise<WrittenParquet> {
  const first = typeof path === 'string' ? path : path('0'.repeat(64));
  const temporary = `${first}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
  try {
    const result = await engine.run(
      what,
      `COPY (${query}) TO ${sqlString(temporary)}
       (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
    );
    makeDurable(temporary);
    const seal = await sealFile(temporary);
    assertHeld();
    const final = typeof path === 'string' ? path : path(seal.sha256);
    renameToOwn(temporary, final);
    fsyncDirectory(dirname(final));
    return { ...seal, rows: Number(result[0]?.[0]) };
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(first, error);
  }
}

function makeDurable(path: string): void {
  const fd = openOwnFile(path, WRITE_OWN);
  try {
    fchmodSync(fd, PRIVATE.file);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

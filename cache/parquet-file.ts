import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CacheWriteError, fsyncDirectory, PRIVATE, TEMPORARY_SUFFIX } from './atomic-write.js';
import type { Engine } from './engine.js';
import { S3LogExtractionError } from './error.js';
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
 * @param assertHeld called right before the rename; what it throws leaves nothing behind
 * @throws {EngineError}
 * @throws {CacheWriteError}
 */
export async function writeParquet(
  engine: Engine,
  what: string,
  query: string,
  path: string,
  assertHeld: () => void = () => {},
): Promise<WrittenParquet> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
  try {
    const result = await engine.run(
      what,
      `COPY (${query}) TO ${sqlString(temporary)}
       (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
    );
    makeDurable(temporary);
    const seal = await sealFile(temporary);
    assertHeld();
    renameSync(temporary, path);
    fsyncDirectory(dirname(path));
    return { ...seal, rows: Number(result[0]?.[0]) };
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  }
}

function makeDurable(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fchmodSync(fd, PRIVATE.file);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

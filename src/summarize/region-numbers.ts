import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { makeDirectory } from '../../cache/atomic-write.js';
import { parquetFiles } from '../../cache/checked-parquet.js';
import type { Engine } from '../../cache/engine.js';
import { readOwnFile } from '../../cache/own-file.js';
import type { CachePaths } from '../../cache/paths.js';
import { regionRelation, regionsDirectory } from '../../cache/region-table.js';
import {
  type RollupRun,
  requesterNumbers,
  requestersRelation,
} from '../../cache/rollup-manifest.js';
import { columnChunk, readIntegers, readStrings } from '../../cache/rollups/read-column.js';
import { sqlString } from '../../cache/sql.js';
import type { RegionNumbers } from './figures.js';

/**
 * The regions of all requesters in the rollups, by number, in memory that all threads see. Without any
 * region looked up yet the engine has nothing to do.
 *
 * @throws {EngineError}
 */
export async function readRegionNumbers(
  paths: CachePaths,
  engine: Engine,
  runs: readonly RollupRun[],
): Promise<RegionNumbers> {
  const count = requesterNumbers(runs);
  const ofRequester = new Uint32Array(new SharedArrayBuffer(count * 4));
  const names = ['missing'];
  if (count === 1 || parquetFiles(regionsDirectory(paths)).length === 0) {
    return { names, ofRequester };
  }
  makeDirectory(paths.tmp);
  const path = join(paths.tmp, `regions-${randomBytes(6).toString('hex')}`);
  try {
    // As a file: read back in columns it costs a tenth of rows handed over one by one.
    await engine.run(
      'join requesters and regions',
      `COPY (SELECT number, region FROM ${requestersRelation(paths, runs)} JOIN ${regionRelation(paths)} USING (requester))
       TO ${sqlString(path)} (FORMAT parquet, COMPRESSION uncompressed)`,
    );
    fill(readOwnFile(path), names, ofRequester);
  } finally {
    rmSync(path, { force: true });
  }
  return { names, ofRequester };
}

function fill(file: Buffer, names: string[], ofRequester: Uint32Array): void {
  const metadata = parquetMetadata(file as unknown as Uint8Array<ArrayBuffer>);
  const numbers = new Map(names.map((name, number) => [name, number]));
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const { low } = readIntegers(columnChunk(file, metadata, group, 'number'), rows);
    const { ids, strings } = readStrings(columnChunk(file, metadata, group, 'region'), rows);
    const { bytes, starts, ends } = strings;
    const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const places = Uint32Array.from({ length: strings.count }, (_, i) => {
      const name = texts.toString('utf8', starts[i], ends[i]);
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, names.length);
      return names.push(name) - 1;
    });
    for (let row = 0; row < rows; row++) ofRequester[low[row]] = places[ids[row]];
  }
}

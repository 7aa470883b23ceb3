import { expect } from 'vitest';
import type { Engine } from '../../cache/engine.js';
import { indexRelation } from '../../cache/index-table.js';
import type { CachePaths } from '../../cache/paths.js';

/** All indexes by requester, after it was seen that neither stands twice. */
export async function readIndexRows(
  engine: Engine,
  paths: CachePaths,
): Promise<Map<string, bigint>> {
  const rows = await engine.run(
    'read indexes',
    `SELECT requester::VARCHAR, "index" FROM ${indexRelation(paths)}`,
  );
  expect(new Set(rows.map(([requester]) => requester)).size).toBe(rows.length);
  expect(new Set(rows.map(([, index]) => index)).size).toBe(rows.length);
  return new Map(rows as [string, bigint][]);
}

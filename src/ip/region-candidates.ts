import type { Engine } from '../../cache/engine.js';
import { type SealedIp, sealedIpFromBytes } from '../../cache/seal.js';

/** A requester that is to be looked up, and what is known of it: '' and 0 when nothing is. */
export interface RegionCandidate {
  readonly requester: SealedIp;
  readonly region: string;
  readonly checked: number;
  readonly provisional: boolean;
}

export interface Candidates {
  readonly count: number;
  /** In batches of a few thousand. To be read once, while the files they came from may change. */
  stream(): AsyncGenerator<RegionCandidate[], void, void>;
}

/**
 * Put the rows of a query (requester UUID, region, checked, provisional) aside and work through them.
 *
 * @param query may end in ORDER BY
 * @throws {EngineError}
 */
export async function withCandidates<T>(
  engine: Engine,
  query: string,
  action: (candidates: Candidates) => Promise<T>,
): Promise<T> {
  const drop = () => engine.run('clear scratch tables', 'DROP TABLE IF EXISTS region_candidates');
  await drop();
  try {
    const [row] = await engine.run(
      'find requesters to look up',
      `CREATE TABLE region_candidates AS
       SELECT row_number() OVER () AS n, requester::BLOB AS requester, region, checked, provisional
       FROM (${query})`,
    );
    return await action({ count: Number(row?.[0]), stream: () => stream(engine) });
  } finally {
    await drop();
  }
}

async function* stream(engine: Engine): AsyncGenerator<RegionCandidate[], void, void> {
  const rows = engine.stream(
    'read requesters to look up',
    'SELECT requester, region, checked, provisional FROM region_candidates ORDER BY n',
  );
  for await (const batch of rows) {
    yield batch.map(([requester, region, checked, provisional]) => ({
      requester: sealedIpFromBytes(requester as Uint8Array),
      region: region as string,
      checked: Number(checked),
      provisional: provisional as boolean,
    }));
  }
}

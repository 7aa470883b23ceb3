// How fast `database collect` puts lines into PostgreSQL, end to end, into new tables each time.
//   PGHOST=... PGUSER=... node test/bench/database.mjs [--size MB] [--rounds N] [--workers 1,2]
// The server is one that you bring, with the PG* variables; the schema s3_logs_bench in it is dropped.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { root } from '../../bin/setup.mjs';
import { measure } from './measure.mjs';

const SCHEMA = 's3_logs_bench';
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '1,2' },
  },
});
const program = join(root, 'dist/bin/s3logextraction.js');
const scratch = await mkdtemp(join(tmpdir(), 's3logextraction-bench-'));
const logs = join(scratch, 'logs');
const env = { ...process.env, S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config') };

async function forget() {
  const client = new pg.Client();
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
  await client.query('CHECKPOINT').catch(() => undefined);
  await client.end();
}

try {
  const make = ['testing', 'generate', 'benchmark', logs, '--size', values.size];
  await measure(process.execPath, [program, ...make], { env });
  for (const workers of values.workers.split(',')) {
    for (let round = 0; round < Number(values.rounds); round++) {
      await forget();
      const args = [
        'database',
        'collect',
        logs,
        '--schema',
        SCHEMA,
        '--workers',
        workers,
        '--json',
      ];
      const cache = ['--cache', join(scratch, 'cache')];
      const result = await measure(process.execPath, [program, ...args, ...cache], { env });
      const { rows } = JSON.parse(result.stdout);
      const rate = Math.round(rows / result.seconds);
      process.stdout.write(
        `${workers} workers: ${rows} rows in ${result.seconds.toFixed(2)} s with start and end, ${rate} rows/s, peak memory ${result.peakMemoryMb} MB\n`,
      );
    }
  }
} finally {
  await forget();
  await rm(scratch, { recursive: true, force: true });
}

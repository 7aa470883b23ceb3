// The programs that `extract` is measured beside, each over the same logs.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../bin/setup.mjs';
import { isInstalled, measure, measureOverFiles } from './measure.mjs';

/** Counts lines: about the least one can do with logs. */
export function wc({ files }) {
  return measureOverFiles('wc', ['-l'], files);
}

/** Reads only. */
export function cat({ files }) {
  return measureOverFiles('cat', [], files, { discard: true });
}

/** Parses with a script, in one process. @returns null where gawk is not installed */
export async function gawk({ files }) {
  const script = join(root, 'test/bench/parse-lines.awk');
  const { seconds, lines } = await measureOverFiles('gawk', ['-f', script], files);
  const sums = lines.map((line) => line.split(' ').map(Number));
  const sum = (column) => sums.reduce((total, row) => total + row[column], 0);
  return { seconds, kept: sum(1), bytesSent: String(sum(2)), downloads: sum(3) };
}

export function hasGawk() {
  return isInstalled('gawk');
}

/** Makes the same table with DuckDB's read_csv and two threads. */
export async function duckdb({ directory }, { scratch }) {
  const output = join(scratch, 'duckdb.parquet');
  const script = join(root, 'test/bench/duckdb-extract.mjs');
  const result = await measure(process.execPath, [script, directory, output]);
  await rm(output);
  const { kept, bytes_sent: bytesSent, downloads } = JSON.parse(result.stdout);
  const { seconds, peakMemoryMb } = result;
  return { seconds, peakMemoryMb, kept, bytesSent, downloads };
}

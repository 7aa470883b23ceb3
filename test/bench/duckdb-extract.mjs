// What one would write with DuckDB: `node duckdb-extract.mjs FOLDER OUTPUT.parquet`.
// Reads all logs of a folder with read_csv, writes one row per successful GET of an object to Parquet (key,
// time, requester, bytes sent, download: the columns of our records), and prints sums of what it wrote.
import { DuckDBInstance } from '@duckdb/node-api';

const THREADS = '2';
/** More than any line has, requesters with spaces included. */
const COLUMNS = 32;

const [folder, output] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads: THREADS });
const connection = await instance.connect();
await connection.run(`COPY (${records(`${folder}/*`)}) TO ${text(output)} (FORMAT parquet)`);
const sums = await connection.runAndReadAll(
  `SELECT count(*), sum(bytes_sent)::VARCHAR, count(*) FILTER (download) FROM ${text(output)}`,
);
const [kept, bytes, downloads] = sums.getRows()[0];
const result = { kept: Number(kept), bytes_sent: bytes, downloads: Number(downloads) };
process.stdout.write(`${JSON.stringify(result)}\n`);

/**
 * Fields stand between spaces, some within quotes. The requester may hold four spaces, or two may stand before
 * it: all that follows is shifted then. Of lines with quotes within quotes some are lost.
 */
function records(files) {
  const columns = Array.from({ length: COLUMNS }, (_, i) => `'c${i + 1}': 'VARCHAR'`).join(', ');
  const shifted = (column) =>
    `CASE shift WHEN 0 THEN c${column} WHEN 1 THEN c${column + 1} ELSE c${column + 4} END`;
  return `
    WITH gets AS (
      SELECT c3, c4, c5, CASE 'REST.GET.OBJECT' WHEN c8 THEN 0 WHEN c9 THEN 1 WHEN c12 THEN 4 END AS shift,
        ${shifted(9)} AS key, ${shifted(11)} AS status, ${shifted(13)} AS bytes
      FROM read_csv(${text(files)}, columns = {${columns}}, header = false, auto_detect = false,
        delim = ' ', quote = '"', escape = '"', strict_mode = false, null_padding = true, ignore_errors = true)
      WHERE shift IS NOT NULL
    )
    SELECT key, epoch(try_strptime(c3[2:] || c4[:-2], '%d/%b/%Y:%H:%M:%S%z'))::BIGINT AS time,
      c5 AS requester, coalesce(try_cast(bytes AS BIGINT), 0) AS bytes_sent, status = '200' AS download
    FROM gets WHERE status[1] = '2'`;
}

function text(value) {
  return `'${value.replaceAll("'", "''")}'`;
}

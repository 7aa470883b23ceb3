import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import Papa from 'papaparse';
import { decodeInventoryKey } from './inventory-key.js';
import type { DefectReason, InventoryRow, OnDefect } from './inventory-object.js';

/** Content that is unpacked together: some thousand rows. */
const PIECE_BYTES = 256 << 10;
/** A key has 1,024 bytes at most, three times as many encoded; all else is short. */
const LONGEST_ROW = 16 << 10;

/**
 * Rows of a gzip-compressed CSV file without a header, some thousand at a time. They are told apart by line feeds, which no
 * field holds since keys are URL-encoded: so a row with a quote too few costs no other. Memory depends on
 * neither the size of the file nor that of a row.
 *
 * @param columns names, in order
 * @throws what the system or zlib has against the file
 */
export async function* csvRows(
  path: string,
  columns: readonly string[],
  onDefect: OnDefect,
): AsyncGenerator<InventoryRow[]> {
  const take = rowTaker(columns);
  let row = 0;
  for await (const lines of linesOf(path)) {
    const rows: InventoryRow[] = [];
    for (const line of lines) {
      row++;
      const fields = fieldsOf(line);
      if (fields === undefined) continue;
      const found = typeof fields === 'string' ? fields : take(fields, row);
      if (typeof found === 'string') onDefect(row, found);
      else rows.push(found);
    }
    yield rows;
  }
}

/** In place of a line that is too long to be kept. */
const TOO_LONG = '\0';

/** Lines, one character a byte. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  // Errors of both end the loop below.
  const content = pipeline(
    createReadStream(path, { highWaterMark: PIECE_BYTES }),
    gunzip,
    () => {},
  );
  let rest = '';
  for await (const piece of content) {
    const lines = (rest + (piece as Buffer).toString('latin1')).split('\n');
    rest = lines.pop() as string;
    // One that has grown too long is known as such when its end comes.
    if (rest.length > LONGEST_ROW) rest = rest.slice(0, LONGEST_ROW + 1);
    yield lines.map(short);
  }
  if (rest !== '') yield [short(rest)];
}

function short(line: string): string {
  if (line.length > LONGEST_ROW) return TOO_LONG;
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Fields of a line, or why it has none; undefined of an empty one. */
function fieldsOf(line: string): string[] | DefectReason | undefined {
  if (line === '') return undefined;
  if (line === TOO_LONG) return 'row_too_long';
  // As S3 writes them, all fields in quotes and no quote in one: ten times as quick as the general case.
  if (line.startsWith('"') && line.endsWith('"')) {
    const fields = line.slice(1, -1).split('","');
    if (!fields.some((field) => field.includes('"'))) return fields;
  }
  const { data, errors } = Papa.parse<string[]>(line, { delimiter: ',', newline: '\n' });
  return errors.length > 0 || data.length !== 1 ? 'bad_quotes' : data[0];
}

/** @returns what makes a row of fields, or the reason why they are none */
function rowTaker(
  columns: readonly string[],
): (fields: string[], row: number) => InventoryRow | DefectReason {
  const [key, size, latest, marker, storage] = [
    'Key',
    'Size',
    'IsLatest',
    'IsDeleteMarker',
    'StorageClass',
  ].map((name) => columns.indexOf(name)) as [number, number, number, number, number];
  return (fields, row) => {
    if (fields.length !== columns.length) return 'wrong_number_of_fields';
    const decoded = decodeInventoryKey(fields[key] ?? '');
    if (decoded === undefined) return 'key_bad_percent_escape';
    if (decoded === '') return 'no_key';
    const isLatest = flagOf(fields[latest], true);
    const isDeleteMarker = flagOf(fields[marker], false);
    if (isLatest === undefined || isDeleteMarker === undefined) return 'invalid_flag';
    const sizeText = fields[size];
    if (sizeText !== undefined && !/^\d{0,15}$/.test(sizeText)) return 'invalid_size';
    return {
      row,
      key: decoded,
      sizeBytes: sizeText === undefined || sizeText === '' ? undefined : Number(sizeText),
      storageClass: fields[storage] || undefined,
      isLatest,
      isDeleteMarker,
    };
  };
}

function flagOf(text: string | undefined, absent: boolean): boolean | undefined {
  if (text === undefined || text === '') return absent;
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

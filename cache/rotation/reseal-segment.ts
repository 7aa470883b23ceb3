import { parquetMetadata } from 'hyparquet';
import { readPageHeader } from '../rollups/page-header.js';
import { columnChunk } from '../rollups/read-column.js';
import type { Resealer } from './reseal.js';

/**
 * Seal the requesters of a segment of records anew, in place: they stand in the dictionary of their column, not
 * compressed, so that nothing else in the file changes, nor moves.
 *
 * @throws {RangeError} the file was not written like that
 */
export function resealSegment(file: Uint8Array, reseal: Resealer): void {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  const metadata = parquetMetadata(buffer);
  for (const group of metadata.row_groups) {
    const { meta, typeLength } = columnChunk(file, metadata, group, 'requester');
    if (meta.dictionary_page_offset === undefined || meta.codec !== 'UNCOMPRESSED') {
      throw new RangeError('its requesters are not in a plain dictionary');
    }
    if (meta.statistics?.min_value !== undefined || typeLength !== 16) {
      throw new RangeError('its requesters stand elsewhere, too');
    }
    const header = readPageHeader(file, Number(meta.dictionary_page_offset));
    if (!header.isDictionary || header.storedBytes !== header.values * typeLength) {
      throw new RangeError('its dictionary of requesters has another form');
    }
    reseal(file.subarray(header.end, header.end + header.storedBytes));
  }
}

import { inflateRawSync } from 'node:zlib';
import { parseHTML } from 'linkedom';
import type { PackedReport } from '../../src/report/chart/packed.js';
import { visibleText } from '../../src/report/chart/visible-text.js';
import type { ReportSource } from '../../src/report/index.js';

/** What a test asks of an element; the types of browsers are not those of tests. */
export interface Node {
  readonly textContent: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  readonly localName: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

/** A report taken apart as a browser would. */
export function readPage(html: string): { document: Node; data: PackedReport } {
  const document = parseHTML(html).document as unknown as Node;
  const packed = document.querySelector('#data')?.textContent;
  const json =
    packed === undefined ? '{}' : inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8');
  return { document, data: JSON.parse(json) as PackedReport };
}

/** Cells of a table's body as they stand in the published tables: bytes exact, no commas. */
export function cellsOf(document: Node, table: string): string[][] {
  return [...(document.querySelector(table)?.querySelectorAll('tbody tr') ?? [])].map((row) =>
    [...row.querySelectorAll('th, td')].map(cellText),
  );
}

function cellText(cell: Node): string {
  const data = cell.querySelector('data');
  const text = data?.getAttribute('value') ?? cell.textContent;
  return /^[\d,]+$/.test(text) ? text.replaceAll(',', '') : text;
}

/** Rows of a published table by bytes, as the report shows them: name, bytes, requests, downloads. */
export function largestRows(source: ReportSource, table: string): string[][] {
  return [...(source.table(table)?.rows ?? [])]
    .sort((a, b) => Number(BigInt(b[1]) - BigInt(a[1])))
    .map(([name, ...cells]) => [visibleText(name), ...cells]);
}

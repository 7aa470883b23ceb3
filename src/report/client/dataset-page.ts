import { formatCount } from '../../../cache/count-text.js';
import { longDate } from '../chart/dates.js';
import type { PackedDataset, PackedReport, PackedRows } from '../chart/packed.js';
import { unpackSeries } from '../chart/series.js';
import { visibleText, wellFormed } from '../chart/visible-text.js';
import { byId, bytesNode, countCell, element, nameNode } from './elements.js';
import { SortedTable } from './sorted-table.js';
import { TimeFigure } from './time-figure.js';

const UNIT_NOTES = {
  day: 'Days as published; bytes to three digits.',
  week: 'By week: bytes to three digits; requests and downloads are sums of the days that are published.',
  month:
    'By month: bytes to three digits; requests and downloads are sums of the days that are published.',
  year: 'By year: bytes to three digits; requests and downloads are sums of the days that are published.',
} as const;

const LONG_HEADING = 40;

/** The page of one dataset, filled in for the one that is asked for. */
export class DatasetPage {
  readonly #threshold: number;
  readonly #datasets: ReadonlyMap<string, PackedDataset>;
  readonly #figure = new TimeFigure('dataset');
  readonly #assets = new SortedTable(byId<HTMLTableElement>('asset-table'));
  readonly #regions = new SortedTable(byId<HTMLTableElement>('dataset-region-table'));

  constructor({ threshold, datasets }: PackedReport) {
    this.#threshold = threshold;
    this.#datasets = new Map(datasets.map((dataset) => [wellFormed(dataset.name), dataset]));
  }

  /** @param row of the table of datasets; undefined: there is no such dataset */
  show(name: string, row: HTMLTableRowElement | undefined): void {
    const heading = byId('dataset-name');
    heading.replaceChildren(element('bdi', {}, name));
    heading.classList.toggle('long', name.length > LONG_HEADING);
    document.title = `${visibleText(name).slice(0, 80)} · ${byId('overview').querySelector('h1')?.textContent ?? ''}`;
    const dataset = this.#datasets.get(name);
    byId('dataset-figures').hidden = row === undefined;
    byId('dataset-details').hidden = dataset === undefined;
    byId('dataset-lead').textContent =
      row === undefined ? 'There is no dataset of this name here.' : '';
    if (row !== undefined) this.#fillFigures(row);
    if (dataset !== undefined) this.#fill(dataset);
    else if (row !== undefined) {
      byId('dataset-lead').textContent =
        'There was no room for more of this dataset in the report; its tables are published.';
    }
  }

  #fillFigures(row: HTMLTableRowElement): void {
    const values = byId('dataset-figures').querySelectorAll('dd');
    values.forEach((value, i) => {
      // Behind the name and its small plot.
      const cell = row.cells[i + 2];
      value.replaceChildren(...[...cell.childNodes].map((node) => node.cloneNode(true)));
    });
  }

  #fill({ span, unit, series, assets, regions }: PackedDataset): void {
    const bins = unpackSeries(series);
    const [first, last] = span;
    if (bins.length > 0) {
      byId('dataset-lead').textContent =
        first === last ? longDate(first) : `${longDate(first)} to ${longDate(last)}`;
    }
    byId('dataset-note').textContent =
      `${UNIT_NOTES[unit]} Days below ${this.#threshold} are held back, not zero.`;
    this.#figure.show({ threshold: this.#threshold, isExact: false, bins: () => bins }, unit);
    this.#assets.rows = rowsOf(assets);
    byId('asset-note').textContent = restNote(assets, 'assets', 'by_asset.tsv');
    this.#regions.rows = rowsOf(regions);
    byId('dataset-region-note').textContent = restNote(regions, 'regions', 'by_region.tsv');
  }
}

function rowsOf({ rows }: PackedRows): HTMLTableRowElement[] {
  return rows.map(([name, bytes, requests, downloads]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, nameNode(name)),
      element('td', {}, bytesNode(bytes)),
      element('td', {}, countCell(requests)),
      element('td', {}, countCell(downloads)),
    ),
  );
}

function restNote({ rows, all }: PackedRows, nouns: string, file: string): string {
  if (all === 0) return `No ${nouns} are published.`;
  if (all === rows.length) return '';
  return `The ${formatCount(rows.length)} of ${formatCount(all)} ${nouns} with most bytes; all are in ${file} of this dataset.`;
}

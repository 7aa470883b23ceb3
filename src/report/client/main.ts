import { formatCount } from '../../../cache/count-text.js';
import { binDays, extentOf } from '../chart/bins.js';
import type { PackedReport } from '../chart/packed.js';
import { DatasetPage } from './dataset-page.js';
import { byId, element } from './elements.js';
import { startSettings } from './settings.js';
import { SortedTable } from './sorted-table.js';
import { spark } from './sparks.js';
import { TimeFigure } from './time-figure.js';
import { unpack } from './unpack.js';

const DATASET = '#dataset=';

function start(): void {
  document.documentElement.classList.add('on');
  startSettings();
  const datasets = startTables();
  const links = new Map<string, HTMLTableRowElement>();
  for (const row of datasets?.rows ?? []) {
    const link = row.querySelector('a');
    if (link) links.set(link.hash, row);
  }
  unpack().then(
    (report) => {
      startReport(report, links);
      if (datasets) startSparks(report, datasets);
    },
    () => {
      byId('overview').prepend(
        element(
          'p',
          { class: 'empty' },
          'This browser is too old for the switches and the pages of datasets.',
        ),
      );
    },
  );
}

function startTables(): SortedTable | undefined {
  const find = (id: string) => document.getElementById(id) as HTMLTableElement | null;
  const regions = find('region-table');
  if (regions !== null) new SortedTable(regions);
  const table = find('dataset-table');
  if (table === null) return undefined;
  const datasets = new SortedTable(table);
  const input = byId<HTMLInputElement>('dataset-search');
  const found = byId('dataset-found');
  const search = (): void => {
    const count = datasets.search(input.value);
    const all = formatCount(datasets.rows.length);
    found.textContent = input.value.trim() === '' ? '' : `${formatCount(count)} of ${all}`;
  };
  input.addEventListener('input', search);
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') table.querySelector<HTMLAnchorElement>('tbody a')?.click();
  });
  search();
  return datasets;
}

function startSparks({ days, datasets }: PackedReport, table: SortedTable): void {
  const [first, end] = extentOf(binDays(days, 'day'), 'day');
  if (end - first < 2) return;
  const rest = new Map(table.rows.map((row, i) => [row, datasets[i]]));
  table.completeWith((row) => {
    const dataset = rest.get(row);
    rest.delete(row);
    if (dataset !== undefined) row.cells[1].append(spark(dataset, first, end));
  });
}

function startReport(report: PackedReport, links: ReadonlyMap<string, HTMLTableRowElement>): void {
  if (report.days.length > 0) {
    new TimeFigure('archive').show({
      threshold: report.threshold,
      isExact: true,
      bins: (unit) => binDays(report.days, unit),
    });
  }
  const page = new DatasetPage(report);
  const overview = byId('overview');
  const dataset = byId('dataset');
  const title = document.title;
  let before: string | undefined;
  const route = (isFirst: boolean): void => {
    const { hash } = location;
    const isDataset = hash.startsWith(DATASET);
    overview.hidden = isDataset;
    dataset.hidden = !isDataset;
    if (isDataset) {
      const name = nameIn(hash);
      // However the address was written.
      page.show(name, links.get(DATASET + encodeURIComponent(name)));
      scrollTo(0, 0);
      if (!isFirst) byId('dataset-name').focus({ preventScroll: true });
    } else {
      document.title = title;
      // It was hidden when the browser looked for it.
      if (before?.startsWith(DATASET)) {
        document.getElementById(hash.slice(1))?.scrollIntoView();
        links
          .get(before)
          ?.querySelector('a')
          ?.focus({ preventScroll: hash !== '#datasets' });
      }
    }
    before = hash;
  };
  addEventListener('hashchange', () => route(false));
  document.querySelector('.skip')?.addEventListener('click', (event) => {
    event.preventDefault();
    (dataset.hidden ? overview : dataset).focus();
  });
  overview.tabIndex = -1;
  route(true);
}

function nameIn(hash: string): string {
  try {
    return decodeURIComponent(hash.slice(DATASET.length));
  } catch {
    return hash.slice(DATASET.length);
  }
}

start();

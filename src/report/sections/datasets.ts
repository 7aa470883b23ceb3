import { plural } from '../../../cache/count-text.js';
import { wellFormed } from '../chart/visible-text.js';
import { type Html, html, nameHtml, sizeOf } from '../html.js';
import { type DatasetModel, MOST_DETAILED, type ReportModel } from '../model/report-model.js';
import { figure } from './headline.js';
import { timeFigure } from './over-time.js';
import { bytesHtml, countText, tableHtml } from './values.js';

const FIRST_ROWS = 25;

export interface DatasetTable {
  readonly section: Html;
  /** Those in the table; the others, with fewer bytes, found no room. */
  readonly listed: readonly DatasetModel[];
}

/** All datasets by bytes, as many as there is room for: of names that fill a page by themselves there cannot be many. */
export function datasetTable({ datasets }: ReportModel, room: number): DatasetTable {
  const rows: Html[] = [];
  let left = room;
  for (const dataset of datasets.slice(0, MOST_DETAILED)) {
    const row = rowOf(dataset);
    left -= sizeOf(row);
    if (left < 0) break;
    rows.push(row);
  }
  const rest = datasets.slice(rows.length);
  const columns = [
    { label: 'Dataset', isName: true },
    { label: 'Over time', isExtra: true, isDrawn: true },
    { label: 'Bytes sent' },
    { label: 'Requests' },
    { label: 'Downloads', isExtra: true },
    { label: 'Requesters', isExtra: true },
    { label: 'Countries', isExtra: true },
    { label: 'Regions', isExtra: true },
  ];
  const section = html`<section id="datasets" aria-labelledby="datasets-title"><h2 id="datasets-title">Datasets</h2>
${
  datasets.length === 0
    ? html`<p class="empty">No tables of datasets are published. <code>s3logextraction update</code> makes them.</p>`
    : html`<div class="search scripted"><label for="dataset-search">Find a dataset</label><input id="dataset-search" type="search" autocomplete="off" spellcheck="false" placeholder="Part of its name"><output id="dataset-found" for="dataset-search"></output></div>
${tableHtml('dataset-table', 'Usage by dataset', columns, rows, { sorted: 2, first: FIRST_ROWS })}`
}
${rest.length > 0 && html`<p class="note">${plural(rest.length, 'more dataset')} with fewer bytes each, ${bytesHtml(rest.reduce((sum, { bytes }) => sum + bytes, 0n))} together, found no room here: see <code>totals.json</code>.</p>`}
</section>`;
  return { section, listed: datasets.slice(0, rows.length) };
}

/** What the script fills in for the dataset that is asked for. */
export function datasetPage(): Html {
  const columns = (name: string) => [
    { label: name, isName: true },
    { label: 'Bytes sent' },
    { label: 'Requests' },
    { label: 'Downloads', isExtra: true },
  ];
  return html`<main id="dataset" class="page" tabindex="-1" hidden>
<p><a class="back" href="#datasets">All datasets</a></p>
<header class="masthead"><p class="eyebrow">Dataset</p>
<h1 id="dataset-name" tabindex="-1"><bdi></bdi></h1>
<p class="lead" id="dataset-lead"></p>
<dl class="figures" id="dataset-figures">
${['Bytes sent', 'Requests', 'Downloads', 'Requesters', 'Countries', 'Regions'].map((label, i) => figure(label, '–', i === 0))}
</dl></header>
<div id="dataset-details">
<section aria-labelledby="dataset-time-title"><h2 id="dataset-time-title">Over time</h2>
${timeFigure('dataset', 'week', [], undefined, 'Bytes, requests and downloads of this dataset over time')}
<p class="note" id="dataset-note"></p>
<details class="numbers" data-numbers="dataset"><summary>These numbers as a table</summary>
<div class="scroll"><table><caption class="unseen">Usage of this dataset over time</caption><thead><tr><th scope="col">Time</th><th scope="col">Bytes sent</th><th scope="col">Requests</th><th scope="col">Downloads</th></tr></thead><tbody></tbody></table></div></details></section>
<section aria-labelledby="dataset-assets-title"><h2 id="dataset-assets-title">Assets with most bytes</h2>
${tableHtml('asset-table', 'Assets of this dataset with most bytes', columns('Asset'), [])}<p class="note" id="asset-note"></p></section>
<section aria-labelledby="dataset-regions-title"><h2 id="dataset-regions-title">Regions with most bytes</h2>
${tableHtml('dataset-region-table', 'Regions of this dataset with most bytes', columns('Region'), [])}<p class="note" id="dataset-region-note"></p></section>
</div>
</main>`;
}

function rowOf({ name, bytes, totals, requesters }: DatasetModel): Html {
  const counts = [
    totals?.total_number_of_requests,
    totals?.total_number_of_downloads,
    totals?.number_of_requesters ?? requesters,
    totals?.number_of_unique_countries,
    totals?.number_of_unique_regions,
  ];
  return html`<tr><th scope="row"><a href="#dataset=${encodeURIComponent(wellFormed(name))}">${nameHtml(name)}</a></th><td class="trend"></td><td>${bytesHtml(bytes)}</td>${counts.map((count) => html`<td>${countText(count)}</td>`)}</tr>
`;
}

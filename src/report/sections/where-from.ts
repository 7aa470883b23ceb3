import { formatCount, plural } from '../../../cache/count-text.js';
import { type Html, html, nameHtml, sizeOf } from '../html.js';
import { kindOfRegion, REGION_KINDS, type RegionKind } from '../model/region-kind.js';
import type { ReportModel } from '../model/report-model.js';
import { type NamedRow, sumOfBytes } from '../model/table-rows.js';
import { isOnMap, type Place, worldMap } from '../world-map.js';
import { bytesHtml, countText, shareText, tableHtml } from './values.js';

/** Smaller ones could not be seen among so many. */
const MOST_DOTS = 400;
const ROOM_BYTES = 110_000;
const FIRST_ROWS = 12;

/** A map, clouds against the rest, and all regions in a table. */
export function whereFrom(model: ReportModel): Html {
  const { regions } = model;
  const isKnown = regions.some(([region]) => kindOfRegion(region) !== 'unknown');
  const content = isKnown
    ? html`${mapPart(model)}
${kindsPart(regions)}
${regionTable(regions)}`
    : html`<p class="empty">Where requests come from is not known yet. <code>s3logextraction update ip regions --database city.mmdb</code> (or with
IPINFO_API_KEY set), then <code>s3logextraction update</code>, publishes it by region.</p>`;
  return html`<section id="regions" aria-labelledby="regions-title"><h2 id="regions-title">Where requests come from</h2>
${content}
</section>`;
}

function mapPart({ regions, coordinates }: ReportModel): Html {
  if (coordinates === undefined) {
    return html`<p class="empty">There are no coordinates for a map yet. <code>s3logextraction update ip coordinates</code> finds them.</p>`;
  }
  const places = regions.flatMap((row): Place[] => {
    const point = coordinates.get(row[0]);
    return point && isOnMap(point) ? [{ row, ...point }] : [];
  });
  const all = sumOfBytes(regions);
  const placed = sumOfBytes(places.map(({ row }) => row));
  const elsewhere = regions.length - places.length;
  return html`<figure class="map-figure">${worldMap(places.slice(0, MOST_DOTS))}
<figcaption>Each dot is a region, or the place of a cloud; its area stands for bytes sent.${elsewhere > 0 && html` ${plural(elsewhere, 'region')} with ${shareText(all - placed, all)} of the bytes ${elsewhere === 1 ? 'is' : 'are'} at no place on this map.`}${places.length > MOST_DOTS && html` The ${formatCount(MOST_DOTS)} with most bytes are drawn.`}</figcaption></figure>`;
}

function kindsPart(regions: readonly NamedRow[]): Html {
  const all = sumOfBytes(regions);
  const kinds = (Object.keys(REGION_KINDS) as RegionKind[])
    .map((kind) => {
      const rows = regions.filter(([region]) => kindOfRegion(region) === kind);
      return { kind, rows, bytes: sumOfBytes(rows) };
    })
    .filter(({ rows }) => rows.length > 0);
  let x = 0;
  const bars = kinds.map(({ kind, bytes }) => {
    const width = all === 0n ? 0 : Number((bytes * 100_000n) / all) / 100;
    x += width;
    return html`<rect class="kind-${kind}" x="${(x - width).toFixed(2)}" width="${width.toFixed(2)}" height="14"/>`;
  });
  const rows = kinds.map(
    ({ kind, rows: own, bytes }) =>
      html`<tr><th scope="row"><svg class="swatch kind-${kind}" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10"/></svg>${REGION_KINDS[kind]}</th><td>${bytesHtml(bytes)}</td><td>${shareText(bytes, all)}</td><td>${formatCount(own.length)}</td></tr>
`,
  );
  return html`<h3>Clouds and everybody else</h3>
<svg class="kinds" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>
<div class="scroll"><table class="plain"><caption class="unseen">Bytes sent by kind of region</caption><thead><tr><th scope="col">From</th><th scope="col">Bytes sent</th><th scope="col">Share</th><th scope="col">Regions</th></tr></thead><tbody>
${rows}</tbody></table></div>`;
}

function regionTable(regions: readonly NamedRow[]): Html {
  const all = sumOfBytes(regions);
  const rows: Html[] = [];
  let room = ROOM_BYTES;
  for (const [region, bytes, requests, downloads] of regions) {
    const row = html`<tr><th scope="row">${nameHtml(region)}</th><td>${bytesHtml(bytes)}</td><td>${shareText(BigInt(bytes), all)}</td><td>${countText(requests)}</td><td>${countText(downloads)}</td></tr>
`;
    room -= sizeOf(row);
    if (room < 0) break;
    rows.push(row);
  }
  const rest = regions.slice(rows.length);
  const columns = [
    { label: 'Region', isName: true },
    { label: 'Bytes sent' },
    { label: 'Share', isExtra: true },
    { label: 'Requests' },
    { label: 'Downloads', isExtra: true },
  ];
  return html`<h3>All regions</h3>
${tableHtml('region-table', 'Usage of the archive by region', columns, rows, { first: FIRST_ROWS })}
${rest.length > 0 && html`<p class="note">${plural(rest.length, 'more region')} with ${bytesHtml(sumOfBytes(rest))} ${rest.length === 1 ? 'is' : 'are'} in <code>archive/by_region.tsv</code>.</p>`}`;
}

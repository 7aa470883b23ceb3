import { createRequire } from 'node:module';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { feature } from 'topojson-client';
import { formatBytes } from '../../cache/count-text.js';
import { type Html, html, trusted } from './html.js';
import type { NamedRow } from './model/table-rows.js';

/** A region, and where it is drawn, in degrees. */
export interface Place {
  readonly row: NamedRow;
  readonly latitude: number;
  readonly longitude: number;
}

const WIDTH = 960;
const HEIGHT = 430;
/** Of the largest dot, in pixels. */
const RADIUS = 26;
const LONGEST_LABEL = 80;
/** The map ends there: hardly anybody asks from further south, and it would take a fifth of the room. */
const SOUTH = -58;

export function isOnMap({ latitude }: { readonly latitude: number }): boolean {
  return latitude > SOUTH;
}

/**
 * Land and a dot for each place, its area by its bytes. Plot sees numbers only: what dots are called is put in afterwards, by us.
 *
 * @param places most bytes first, so that small dots lie above large ones
 */
export function worldMap(places: readonly Place[]): Html {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const drawn = Plot.plot({
    document,
    className: 'map',
    width: WIDTH,
    height: HEIGHT,
    margin: 2,
    projection: { type: 'equal-earth', rotate: [-10, 0], domain: EXTENT },
    r: { type: 'sqrt', range: [0, RADIUS] },
    marks: [
      Plot.geo(land()),
      Plot.dot(places, {
        x: 'longitude',
        y: 'latitude',
        r: ({ row }: Place) => Number(row[1]),
        sort: null,
        // Plot leaves out what has no area: each dot says which it is.
        title: (_: Place, i: number) => String(i),
      }),
    ],
  } as Plot.PlotOptions);
  const paths = [...drawn.querySelectorAll('path')].map((path) =>
    shortened(path.getAttribute('d') ?? ''),
  );
  const dots = [...drawn.querySelectorAll('circle')].map((circle) => {
    const [x, y, r] = ['cx', 'cy', 'r'].map((name) => Number(circle.getAttribute(name)));
    const [name, bytes] = places[Number(circle.textContent)].row;
    return html`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${Math.max(1.5, r).toFixed(1)}"><title>${name.slice(0, LONGEST_LABEL)}: ${formatBytes(Number(bytes))}</title></circle>
`;
  });
  return html`<svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="World map with a dot for each of ${dots.length} regions, its area by the bytes sent there; the table below has the same numbers">
<path class="land" d="${trusted(paths.join(''))}"/><g class="dots">${dots}</g></svg>`;
}

/** All longitudes, of which the map is widest at the equator; as far south as land is drawn. */
const EXTENT = {
  type: 'MultiPoint',
  coordinates: [
    [-169.99, 0],
    [189.99, 0],
    [10, 83],
    [10, SOUTH],
  ],
};

function land() {
  const topology = createRequire(import.meta.url)('world-atlas/land-110m.json') as {
    readonly objects: { readonly land: unknown };
  };
  const [{ geometry }] = feature(topology, topology.objects.land).features;
  const coordinates = geometry.coordinates.filter(([outline]) =>
    outline.some(([, latitude]) => latitude > SOUTH),
  );
  return { type: 'MultiPolygon', coordinates };
}

/** A tenth of a pixel is enough, and half the size. */
function shortened(path: string): string {
  return path.replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10));
}

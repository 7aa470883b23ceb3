import { compareCodePoints } from '../../summarize/text-order.js';
import type { CoordinateStore } from './coordinate-store.js';
import { fixedCoordinates } from './fixed-coordinates.js';
import type { Point } from './point.js';

export interface PlacedCodes {
  /** What is published; null for labels that stand for no place. */
  readonly points: ReadonlyMap<string, Point | null>;
  /** How many codes each source placed: `label`, `built-in`, `cloud`, `opencage`... */
  readonly sources: Readonly<Record<string, number>>;
  /** Codes without coordinates, in code-point order. */
  readonly unplaced: readonly string[];
}

/** Put together what our own tables and the answers so far say of the codes. */
export function placeCodes(codes: Iterable<string>, store: CoordinateStore): PlacedCodes {
  const points = new Map<string, Point | null>();
  const sources: Record<string, number> = {};
  const unplaced: string[] = [];
  for (const code of codes) {
    const fixed = fixedCoordinates(code);
    const known = fixed === undefined ? store.known(code) : undefined;
    const source = fixed?.source ?? known?.source;
    if (source === undefined) {
      unplaced.push(code);
      continue;
    }
    sources[source] = (sources[source] ?? 0) + 1;
    if (known !== undefined) points.set(code, [known.latitude, known.longitude]);
    else points.set(code, fixed !== undefined && 'point' in fixed ? fixed.point : null);
  }
  return { points, sources, unplaced: unplaced.sort(compareCodePoints) };
}

import type { PackedReport } from '../chart/packed.js';
import { byId } from './elements.js';

/** The data of the page. Fails in browsers that are too old to inflate. */
export async function unpack(): Promise<PackedReport> {
  const text = byId('data').textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return JSON.parse(await new Response(inflated).text()) as PackedReport;
}

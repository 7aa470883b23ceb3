import { readFileSync } from 'node:fs';

/** From `src/share/` as it is built, and as it stands in the repository. */
const PLACES = ['../../../package.json', '../../package.json'];

/** Version of this program. */
export function programVersion(): string {
  for (const place of PLACES) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as Record<string, unknown>;
      if (name === 's3-log-extraction' && typeof version === 'string') return version;
    } catch {
      // It stands in the other place.
    }
  }
  return 'unknown';
}

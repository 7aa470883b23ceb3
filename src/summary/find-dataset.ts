import { S3LogExtractionError } from '../../cache/error.js';
import type { PublishedArchive, PublishedDataset } from '../share/published/published-archive.js';

/** Nothing is published of a dataset of that name. */
export class UnpublishedDatasetError extends S3LogExtractionError {
  /** @param like those that may have been meant, the nearest first */
  constructor(name: string, like: readonly string[], some: readonly string[], count: number) {
    const others = some.map(quoted).join(', ');
    super(
      'DATASET_NOT_PUBLISHED',
      `Nothing is published of a dataset ${quoted(name)}.`,
      {
        hint:
          like.length > 0
            ? `Did you mean ${like.map(quoted).join(' or ')}?`
            : count === 0
              ? 'No dataset is published at all: run "s3logextraction update".'
              : `There ${count === 1 ? 'is' : 'are'} ${others}${count > some.length ? ` and ${count - some.length} more` : ''}.`,
      },
      2,
    );
  }
}

const MOST_SHOWN = 5;
const MOST_LIKE = 3;
/** Of longer names the beginnings are compared: it takes the product of their lengths. */
const COMPARED_LENGTH = 100;

/**
 * A dataset by its name, or by its folder below `summaries/`.
 *
 * @throws {UnpublishedDatasetError} that names the nearest ones
 */
export function findDataset(archive: PublishedArchive, name: string): PublishedDataset {
  const { datasets } = archive;
  const found =
    datasets.find((dataset) => dataset.name === name) ??
    datasets.find((dataset) => dataset.folder === name);
  if (found !== undefined) return found;
  const names = datasets.map((dataset) => dataset.name);
  throw new UnpublishedDatasetError(
    name,
    nearest(name, names),
    names.slice(0, MOST_SHOWN),
    names.length,
  );
}

/** Names that differ in little, the nearest first. */
export function nearest(name: string, names: readonly string[]): string[] {
  const wanted = folded(name);
  const most = Math.max(1, Math.floor(wanted.length / 3));
  const ranked: { readonly name: string; readonly distance: number }[] = [];
  for (const other of names) {
    const text = folded(other);
    if (Math.abs(text.length - wanted.length) > most && !text.endsWith(wanted)) continue;
    // The end alone is often what people remember of `ds000101`.
    const distance = text.endsWith(wanted) && wanted.length > 1 ? 0.5 : editDistance(wanted, text);
    if (distance <= most) ranked.push({ name: other, distance });
  }
  ranked.sort((a, b) => a.distance - b.distance);
  // But for the case of letters it is what was typed: nothing else was meant.
  const best = ranked.filter(({ distance }) => distance === 0 || ranked[0]?.distance !== 0);
  return best.slice(0, MOST_LIKE).map((one) => one.name);
}

/** How many characters have to be changed, added, left out or swapped with the next. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) least = Math.min(least, before[j - 2] + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

function folded(name: string): string {
  return name.slice(0, COMPARED_LENGTH).toLowerCase();
}

const SHOWN_LENGTH = 60;

function quoted(name: string): string {
  return `"${name.length > SHOWN_LENGTH ? `${name.slice(0, SHOWN_LENGTH)}…` : name}"`.replace(
    /[\t\n\r]/g,
    ' ',
  );
}

/** Where an object belongs, from its key alone. */
export interface DatasetAsset {
  /** First component of the key; the empty string when the key starts with `/`. */
  readonly dataset: string;
  /** The rest of the key, or `.` when there is none. */
  readonly assetPath: string;
}

/** Split a key, as logged, into dataset and asset path: `ds1/a/b` -> `ds1`, `a/b`. */
export function datasetOfKey(key: string): DatasetAsset {
  const slash = key.indexOf('/');
  if (slash === -1) return { dataset: key, assetPath: '.' };
  return { dataset: key.slice(0, slash), assetPath: key.slice(slash + 1) || '.' };
}

/** SQL of {@link datasetOfKey}'s dataset, of a column `key`. */
export const DATASET_SQL = "split_part(key, '/', 1)";

/** SQL of {@link datasetOfKey}'s asset path, of a column `key`. */
export const ASSET_PATH_SQL = `coalesce(nullif(substr(key, length(${DATASET_SQL}) + 2), ''), '.')`;

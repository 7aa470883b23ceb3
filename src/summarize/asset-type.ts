/** Kinds of files that a DANDI archive tells apart, in the order of its tables. */
export const ASSET_TYPES = ['Neurophysiology', 'Microscopy', 'Video', 'Miscellaneous'] as const;
export type AssetType = (typeof ASSET_TYPES)[number];

const MICROSCOPY = new Set(['.nii', '.ome', '.tif', '.tiff', '.bvecs', '.bvals', '.trk']);
const VIDEO = new Set(['.mp4', '.mov', '.wmv', '.avi', '.mkv']);

/**
 * The type of an asset, by all suffixes of its file name in any case: `a.ome.zarr` has two. A Zarr
 * store that says nothing else of itself is microscopy.
 */
export function assetType(path: string): AssetType {
  const suffixes = suffixesOf(path);
  if (suffixes.includes('.nwb')) return 'Neurophysiology';
  const isSoleZarr = suffixes.length === 1 && suffixes[0] === '.zarr';
  if (isSoleZarr || suffixes.some((suffix) => MICROSCOPY.has(suffix))) return 'Microscopy';
  return suffixes.some((suffix) => VIDEO.has(suffix)) ? 'Video' : 'Miscellaneous';
}

/** As Python's `pathlib` has them: none of a name that ends in a dot, and dots before the name begin none. */
function suffixesOf(path: string): string[] {
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
  if (name.endsWith('.')) return [];
  return name
    .replace(/^\.+/, '')
    .split('.')
    .slice(1)
    .map((suffix) => `.${suffix.toLowerCase()}`);
}

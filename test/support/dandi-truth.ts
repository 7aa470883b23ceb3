import { expectedTree, recordsOf, type TruthLine } from './truth.js';

/** A content id made of a number. */
export function uuid(n: number): string {
  const hex = (n * 0x9e3779b1 + 0x1234567).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-0000-4000-8000-${hex}`;
}

export function blobKey(id: string): string {
  return `blobs/${id.slice(0, 3)}/${id.slice(3, 6)}/${id}`;
}

/** What a key is content of, by the words of FORMATS; undefined when it is none. */
export function contentOf(key: string): string | undefined {
  const [first, ...rest] = key.split('/');
  if (first === 'zarr') return rest[0] === '' ? undefined : rest[0];
  const [a, b, id] = rest;
  const isBlob = first === 'blobs' && rest.length === 3 && id?.startsWith(`${a}${b}`);
  return isBlob && a?.length === 3 && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id ?? '')
    ? id
    : undefined;
}

/** Everything that is to be published of lines when `placeOf` says where contents belong. */
export function expectedDandi(
  lines: readonly TruthLine[],
  placeOf: (content: string) => string,
): Map<string, string> {
  const records = recordsOf(lines).flatMap((record) => {
    const content = contentOf(record.key);
    return content === undefined ? [] : [{ ...record, key: placeOf(content) }];
  });
  const tree = expectedTree(records);
  const parts = records.map(({ key, time, bytesSent }) => {
    const slash = key.indexOf('/');
    return { dataset: key.slice(0, slash), path: key.slice(slash + 1), time, bytesSent };
  });
  const groups = new Map<string, typeof parts>([['archive', parts]]);
  for (const part of parts) {
    groups.set(part.dataset, [...(groups.get(part.dataset) ?? []), part]);
  }
  for (const [folder, own] of groups) {
    const byType = own.map((part) => ({ ...part, column: typeOf(part.path) }));
    const types = TYPES.filter((type) => byType.some(({ column }) => column === type));
    tree.set(`${folder}/by_asset_type_per_week.tsv`, weekTable(types, byType));
    if (folder === 'archive') continue;
    const byAsset = own.map((part) => ({ ...part, column: part.path }));
    const paths = [...new Set(own.map(({ path }) => path))].sort();
    tree.set(`${folder}/by_asset_per_week.tsv`, weekTable(paths, byAsset));
  }
  return tree;
}

const TYPES = ['Neurophysiology', 'Microscopy', 'Video', 'Miscellaneous'];

/** Of the paths that tests use. */
function typeOf(path: string): string {
  if (/\.nwb\b/i.test(path)) return 'Neurophysiology';
  if (/\.(ome|tif|nii)\b/i.test(path) || /^[^.]*\.zarr$/.test(path)) return 'Microscopy';
  return /\.(mp4|avi)$/i.test(path) ? 'Video' : 'Miscellaneous';
}

function weekTable(
  columns: readonly string[],
  cells: readonly { column: string; time: number; bytesSent: bigint }[],
): string {
  const weekOf = (time: number): string => {
    const date = new Date(time * 1000);
    date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    return date.toISOString().slice(0, 10);
  };
  const weeks = [...new Set(cells.map(({ time }) => weekOf(time)))].sort();
  const rows = weeks.map((week) => {
    const sums = columns.map((column) =>
      cells
        .filter((cell) => cell.column === column && weekOf(cell.time) === week)
        .reduce((sum, { bytesSent }) => sum + bytesSent, 0n),
    );
    return [week, ...sums].join('\t');
  });
  return `${[['week_start', ...columns].join('\t'), ...rows].join('\n')}\n`;
}

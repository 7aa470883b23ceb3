import { ARCHIVE_FOLDER } from '../../summarize/publish-summaries.js';
import type { PublishedArchive, PublishedBytes } from '../published/published-archive.js';
import { dataPackageText, type SiteDescription, schemaTexts } from './data-package.js';
import { licenceText, readmeText } from './readme.js';
import { PARQUET_KINDS, tableParquet, totalsParquet } from './table-parquet.js';

/** A file of a site. What it holds is made when it is asked for, so that one is in memory at a time. */
export interface SiteFile {
  /** From the folder of the site, with `/`. */
  readonly path: string;
  /** Undefined: it cannot be made, and there is none. */
  readonly content: () => Uint8Array | undefined;
}

/** Files that stand above `summaries/` in a site. */
const AT_THE_TOP = /^(?:totals\.json|archive_totals\.json|region_codes_to_coordinates\.yaml)$/;

/**
 * All files of a site: the published ones as they are, where their readers look for them, and what describes and copies them. Nothing goes in but
 * what {@link PublishedArchive} gives out, the description, and the report.
 *
 * @param report `index.html`, made of the same archive
 */
export function siteFiles(
  archive: PublishedArchive,
  description: SiteDescription,
  report: string | undefined,
): SiteFile[] {
  const tables = archive.files.map((name) => ({
    path: AT_THE_TOP.test(name) ? name : `summaries/${name}`,
    content: (): PublishedBytes => archive.bytes(name),
  }));
  const copies = parquetFiles(archive);
  const kinds = new Set(archive.files.map((name) => name.slice(name.lastIndexOf('/') + 1)));
  if (report !== undefined) kinds.add('index.html');
  const byKind = new Map<string, string[]>();
  for (const { path, kind } of copies) {
    const paths = byKind.get(kind);
    if (paths === undefined) byKind.set(kind, [path]);
    else paths.push(path);
  }
  const texts: [string, string | undefined][] = [
    ['README.md', readmeText(archive, kinds, description)],
    ['LICENSE.md', licenceText(description)],
    ['.gitattributes', '* -text\n'],
    [
      'datapackage.json',
      dataPackageText(
        archive,
        tables.map(({ path }) => path),
        byKind,
        description,
      ),
    ],
    ...schemaTexts(archive),
    ['index.html', report],
  ];
  return [
    ...tables,
    ...copies,
    ...texts.flatMap(([path, text]) =>
      text === undefined ? [] : [{ path, content: () => Buffer.from(text, 'utf8') }],
    ),
  ];
}

function parquetFiles(archive: PublishedArchive): (SiteFile & { readonly kind: string })[] {
  const files: (SiteFile & { readonly kind: string })[] = [];
  const tablesOf = (
    dataset: string | undefined,
    folder: string,
    tables: readonly string[],
    target: string,
    prefix = '',
  ): void => {
    for (const kind of PARQUET_KINDS) {
      const file = `${kind}.tsv`;
      if (!tables.includes(file)) continue;
      files.push({
        path: `parquet/${target}/${kind}.parquet`,
        kind: prefix + kind,
        content() {
          const table = archive.table(`${folder}/${file}`);
          return table && tableParquet(dataset, file, table);
        },
      });
    }
  };
  tablesOf(undefined, ARCHIVE_FOLDER, archive.archiveTables, 'archive', 'archive_');
  for (const { name, folder, tables } of archive.datasets) {
    // Below a folder of their own, in which no dataset has the name of something else.
    tablesOf(name, folder, tables, `datasets/${folder}`);
  }
  const totals = archive.totals();
  if (totals !== undefined) {
    const path = 'parquet/totals.parquet';
    files.push({ path, kind: 'totals', content: () => totalsParquet(totals) });
  }
  return files;
}

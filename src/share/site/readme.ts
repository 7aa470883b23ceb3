import type { PublishedArchive } from '../published/published-archive.js';
import type { SiteDescription } from './data-package.js';
import { TABLE_KINDS, TOTALS_COLUMNS } from './table-kinds.js';

/** Marks this file as ours in its first lines, for people. */
const NOTE =
  '<!-- Written by "s3logextraction share --layout site", which writes it anew: changes made here are lost. -->';

/**
 * `README.md` of the folder: what every file and column is, and what the privacy rules do.
 *
 * @param files which kinds of files there are: `by_day.tsv`, `totals.json`...
 */
export function readmeText(
  archive: PublishedArchive,
  files: ReadonlySet<string>,
  { title, licence, homepage }: SiteDescription,
): string {
  const { threshold, modulus } = archive.rules;
  const sections = [
    NOTE,
    `# ${inMarkdown(title)}`,
    [
      `How often the files of a data archive were requested, taken from its server access logs. The archive has ${archive.datasets.length} datasets with requests.`,
      `These numbers changed last on ${archive.changedAt.slice(0, 10)}.`,
      ...(homepage === undefined ? [] : [`More about the archive: <${homepage}>.`]),
    ].join('\n'),
    ['## Files', '', ...tree(files)].join('\n'),
    "Text is UTF-8. Tables have tabs between cells, a line feed behind each line, and the names of columns in the first line. Names are quoted as in CSV (`\"`, doubled within) where they hold tabs, quotes or line ends. A name that a spreadsheet would take for a formula, or such a name with `'` before it, has one more `'` before it that is not part of it.",
    ...TABLE_KINDS.filter(({ file }) => files.has(file)).map((kind) =>
      [
        `### \`${kind.file}\`: ${lowerFirst(kind.title)}`,
        '',
        ...columnTable(kind.columns.map(({ name, meaning }) => [name, meaning])),
        ...(kind.otherColumns === undefined ? [] : ['', `Then ${kind.otherColumns}.`]),
      ].join('\n'),
    ),
    ...(files.has('totals.json') || files.has('archive_totals.json')
      ? [
          [
            '### `totals.json` and `archive_totals.json`: totals of each dataset, and of the archive',
            '',
            ...columnTable(TOTALS_COLUMNS.map(({ name, meaning }) => [name, meaning])),
          ].join('\n'),
        ]
      : []),
    ...(files.has('region_codes_to_coordinates.yaml')
      ? [
          '### `region_codes_to_coordinates.yaml`: where regions are\n\nFor each region `latitude` and `longitude` in degrees; null for regions that are no place.',
        ]
      : []),
    parquetSection(),
    [
      '## What is held back',
      '',
      'Logs name the address of everyone who asked for a file. Nobody who reads these tables is to learn who asked for what.',
      '',
      `- Numbers of requests, downloads and requesters below ${threshold} are not published: they read \`<${threshold}\`, also where they are 0.`,
      `- Other such numbers are rounded to the nearest multiple of ${modulus} (half way to the even multiple; never to less than ${threshold}). This is done once, from exact sums: totals are rounded sums, not sums of rounded numbers.`,
      '- Bytes, dates, names of assets, datasets and regions, and numbers of regions and countries are exact.',
      '- No address is published, in no form, and no time finer than a day.',
      `- ${ROBOTS[archive.robots]}`,
      '',
      'What that does not hide: bytes are exact, so where few requests were made they say how much was sent in answer to these; and that a row is there says that somebody asked.',
    ].join('\n'),
    [
      '## For programs',
      '',
      '`datapackage.json` describes every table as a [Data Package](https://datapackage.org), `schemas/` its columns. Suppressed numbers are missing values there.',
    ].join('\n'),
    licence === undefined
      ? '## Licence\n\nNone is stated here: ask the archive.'
      : `## Licence\n\n${licence.title ?? licence.name}${licence.path === undefined ? '' : ` (<${licence.path}>)`}, see LICENSE.md.`,
  ];
  return `${sections.join('\n\n')}\n`;
}

/** `LICENSE.md`: which licence it is, and of what. */
export function licenceText({ title, licence }: SiteDescription): string | undefined {
  if (licence === undefined) return undefined;
  const name = licence.title ?? licence.name;
  const where = licence.path === undefined ? '' : `\n\nThe text of the licence: <${licence.path}>`;
  return `# Licence\n\nThe data in this folder ("${inMarkdown(title)}") are published under: ${name} (SPDX: ${licence.name}).${where}\n`;
}

const ROBOTS = {
  include: 'Requests of robots (search engines, crawlers) count like others.',
  exclude: 'Requests of known robots (search engines, crawlers) are left out.',
  only: 'Only requests of known robots (search engines, crawlers) count here.',
} as const;

function tree(files: ReadonlySet<string>): string[] {
  const has = (file: string, line: string): string[] => (files.has(file) ? [line] : []);
  const tables = TABLE_KINDS.filter(({ file }) => files.has(file));
  return [
    '```',
    ...has('archive_totals.json', 'archive_totals.json                 totals of the archive'),
    ...has('totals.json', 'totals.json                         totals of each dataset'),
    ...has(
      'region_codes_to_coordinates.yaml',
      'region_codes_to_coordinates.yaml    where regions are',
    ),
    'summaries/archive/                  tables over all datasets',
    'summaries/<dataset>/                tables of one dataset:',
    ...tables.map(({ file, title }) => `  ${file.padEnd(34)}${lowerFirst(title)}`),
    'parquet/                            the same tables for databases',
    'datapackage.json, schemas/          what programs need to know of them',
    ...has('index.html', 'index.html                          plots and a map, in one page'),
    '```',
    '',
    'The folder of a dataset has its name. Where that is no safe name of a folder, characters are written `%XX` (hexadecimal), and long names are cut; `totals.json` and the Parquet copies have the names themselves.',
  ];
}

function parquetSection(): string {
  return [
    '### `parquet/`',
    '',
    'Copies of the tables in Parquet: `parquet/datasets/<dataset>/by_day.parquet` and so on, with a column `dataset` before the others; `parquet/archive/by_day.parquet` and so on over all datasets; `parquet/totals.parquet` for `totals.json`. Numbers are 64 bits wide, dates are dates, and suppressed numbers are NULL. Tables by week have a row for each week and asset (or type) of which something was sent.',
    '',
    '```sql',
    "SELECT dataset, sum(bytes_sent) AS bytes FROM 'parquet/datasets/*/by_day.parquet' GROUP BY dataset ORDER BY bytes DESC;  -- DuckDB",
    '```',
  ].join('\n');
}

function columnTable(rows: readonly (readonly [string, string])[]): string[] {
  return [
    '| column | meaning |',
    '|---|---|',
    ...rows.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
  ];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A title in one line, without what Markdown or HTML would take for markup. */
function inMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|!&~]/g, (character) => `&#${character.charCodeAt(0)};`)
    .trim();
}

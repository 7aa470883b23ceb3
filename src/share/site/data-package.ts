import type { PublishedArchive } from '../published/published-archive.js';
import type { Licence } from './licences.js';
import { type KindColumn, kindOfTable, TABLE_KINDS, type TableKind } from './table-kinds.js';

/** What an archive says of the data that it publishes. */
export interface SiteDescription {
  readonly title: string;
  readonly licence: Licence | undefined;
  /** Address of a page about the archive. */
  readonly homepage: string | undefined;
}

/** Where the schemas of tables stand. */
export const SCHEMAS_FOLDER = 'schemas';

const DATA_PACKAGE = 'https://datapackage.org/profiles/2.0/datapackage.json';
const TABLE_SCHEMA = 'https://datapackage.org/profiles/2.0/tableschema.json';

/**
 * `datapackage.json`: a Data Package (version 2 of the standard, which readers of version 1 understand) with a resource for each table. A
 * resource has a line of its own, so that changes can be read.
 *
 * @param parquet paths of the Parquet copies, by kind of table
 */
export function dataPackageText(
  archive: PublishedArchive,
  paths: readonly string[],
  parquet: ReadonlyMap<string, readonly string[]>,
  { title, licence, homepage }: SiteDescription,
): string {
  const { threshold, modulus } = archive.rules;
  const head = {
    $schema: DATA_PACKAGE,
    name: 'access-summaries',
    title,
    description:
      'How often files of a data archive were requested, from its server access logs. README.md explains every column and what is held back for privacy.',
    homepage,
    created: archive.changedAt,
    keywords: ['usage', 'access logs', 'statistics'],
    licenses: licence === undefined ? undefined : [licence],
    sources: [{ title: 'Server access logs of the archive, which are not published' }],
    privacy: {
      threshold,
      modulus,
      suppressed: `<${threshold}`,
      counts:
        'Numbers of requests, downloads and requesters below the threshold are suppressed, others rounded to multiples of the modulus, once, from exact sums.',
      exact: ['bytes', 'dates', 'names of assets and regions', 'numbers of regions and countries'],
      robots: archive.robots,
    },
  };
  const resources = [
    ...paths.flatMap((path) => resourceOf(path) ?? []),
    ...[...parquet].map(([kind, copies]) => parquetResource(kind, copies)),
  ];
  const lines = JSON.stringify(head, null, 2).slice(0, -2);
  const list = resources.map((resource) => `    ${JSON.stringify(resource)}`).join(',\n');
  return `${lines},\n  "resources": [\n${list}\n  ]\n}\n`;
}

/** Of a table or of a file of totals; undefined for anything else. */
function resourceOf(path: string): object | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const kind = kindOfTable(file);
  if (kind !== undefined && path.startsWith('summaries/')) {
    return {
      name: resourceName(path.slice('summaries/'.length, -'.tsv'.length)),
      path,
      type: 'table',
      profile: 'tabular-data-resource',
      format: 'tsv',
      mediatype: 'text/tab-separated-values',
      encoding: 'utf-8',
      dialect: {
        delimiter: '\t',
        doubleQuote: true,
        lineTerminator: '\n',
        ...(kind.hasHeader ? {} : { header: false }),
      },
      schema: schemaPath(kind),
    };
  }
  if (path.includes('/')) return undefined;
  if (path.endsWith('.json') && path.includes('totals')) {
    return {
      name: resourceName(file.slice(0, -5)),
      path,
      format: 'json',
      mediatype: 'application/json',
      encoding: 'utf-8',
    };
  }
  if (path.endsWith('.yaml')) {
    return {
      name: resourceName(file.slice(0, -5)),
      path,
      format: 'yaml',
      mediatype: 'application/yaml',
      encoding: 'utf-8',
    };
  }
  return undefined;
}

function parquetResource(kind: string, paths: readonly string[]): object {
  return {
    name: `${kind}.parquet`,
    title: `Parquet copies: ${kind}`,
    path: paths,
    format: 'parquet',
    mediatype: 'application/vnd.apache.parquet',
  };
}

/**
 * Names are to be of `a-z 0-9 - . /` and `_`: anything else is written `_` and two hexadecimal digits for each byte, so that no two
 * are one. `_` of our own names stays.
 */
export function resourceName(path: string): string {
  const slash = path.lastIndexOf('/');
  const folder = path
    .slice(0, slash + 1)
    .replace(/[^a-z0-9./-]/gu, (character) =>
      Array.from(
        Buffer.from(character, 'utf8'),
        (byte) => `_${byte.toString(16).padStart(2, '0')}`,
      ).join(''),
    );
  return folder + path.slice(slash + 1);
}

/** Where the schema of a kind of table stands, from the descriptor. */
export function schemaPath({ file }: TableKind): string {
  return `${SCHEMAS_FOLDER}/${file.slice(0, -'.tsv'.length)}.json`;
}

/** The schemas of all kinds of tables, by path. */
export function schemaTexts(archive: PublishedArchive): Map<string, string> {
  const suppressed = `<${archive.rules.threshold}`;
  return new Map(
    TABLE_KINDS.map((kind) => [
      schemaPath(kind),
      `${JSON.stringify(schemaOf(kind, suppressed), null, 2)}\n`,
    ]),
  );
}

function schemaOf(kind: TableKind, suppressed: string): object {
  return {
    $schema: TABLE_SCHEMA,
    title: kind.title,
    fields: kind.columns.map((column) => fieldOf(column, suppressed)),
    ...(kind.otherColumns === undefined
      ? {}
      : { fieldsMatch: ['superset'], description: `Behind these: ${kind.otherColumns}.` }),
    // For readers of version 1 of the standard; others take what fields say.
    missingValues: ['', suppressed],
  };
}

/** A suppressed count is a missing value: it is known to be small, and not what it is. */
function fieldOf({ name, type, meaning }: KindColumn, suppressed: string): object {
  switch (type) {
    case 'date':
      return { name, type: 'date', description: meaning, constraints: { required: true } };
    case 'name':
      return { name, type: 'string', description: meaning, missingValues: [] };
    case 'bytes':
      return {
        name,
        type: 'integer',
        description: meaning,
        constraints: { required: true, minimum: 0 },
      };
    default:
      return {
        name,
        type: 'integer',
        description: `${meaning}; rounded, and ${suppressed} where suppressed`,
        missingValues: [suppressed],
        constraints: { minimum: 0 },
      };
  }
}

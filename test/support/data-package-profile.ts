/**
 * What the Data Package standard, version 2.0, demands of a descriptor and of a table schema, as JSON Schema: written after its text
 * (datapackage.org), for what may stand in ours.
 */

const PATH = {
  type: 'string',
  pattern: '^((?=[^./~])(?!file:)((?!\\/\\.\\.\\/)(?!\\\\)(?!:\\/\\/).)*|(http|ftp)s?:\\/\\/.*)$',
};

const FIELD = {
  type: 'object',
  required: ['name', 'type'],
  properties: {
    name: { type: 'string' },
    type: {
      enum: [
        ...[
          'string',
          'number',
          'integer',
          'boolean',
          'object',
          'array',
          'list',
          'datetime',
          'date',
        ],
        ...['time', 'year', 'yearmonth', 'duration', 'geopoint', 'geojson', 'any'],
      ],
    },
    format: { type: 'string' },
    title: { type: 'string' },
    description: { type: 'string' },
    missingValues: { type: 'array', items: { type: 'string' } },
    constraints: {
      type: 'object',
      properties: { required: { type: 'boolean' }, minimum: { type: ['integer', 'string'] } },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

export const TABLE_SCHEMA_PROFILE = {
  type: 'object',
  required: ['fields'],
  properties: {
    $schema: { const: 'https://datapackage.org/profiles/2.0/tableschema.json' },
    title: { type: 'string' },
    description: { type: 'string' },
    fields: { type: 'array', minItems: 1, items: FIELD },
    fieldsMatch: {
      type: 'array',
      items: { enum: ['exact', 'equal', 'subset', 'superset', 'partial'] },
    },
    missingValues: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: false,
};

const RESOURCE = {
  type: 'object',
  required: ['name', 'path'],
  properties: {
    name: { type: 'string', pattern: '^[-a-z0-9._/]+$' },
    path: { oneOf: [PATH, { type: 'array', minItems: 1, items: PATH }] },
    type: { const: 'table' },
    profile: { const: 'tabular-data-resource' },
    title: { type: 'string' },
    description: { type: 'string' },
    format: { type: 'string' },
    mediatype: { type: 'string', pattern: '^(.+)/(.+)$' },
    encoding: { type: 'string' },
    dialect: {
      type: 'object',
      // Version 1 of the standard demands these two.
      required: ['delimiter', 'doubleQuote'],
      properties: {
        delimiter: { type: 'string' },
        lineTerminator: { type: 'string' },
        quoteChar: { type: 'string' },
        doubleQuote: { type: 'boolean' },
        header: { type: 'boolean' },
      },
      additionalProperties: false,
    },
    schema: { oneOf: [PATH, { type: 'object', required: ['fields'] }] },
  },
  // A table has a schema.
  if: { required: ['type'] },
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
  then: { required: ['schema'] },
  additionalProperties: false,
};

export const DATA_PACKAGE_PROFILE = {
  type: 'object',
  required: ['resources'],
  properties: {
    $schema: { const: 'https://datapackage.org/profiles/2.0/datapackage.json' },
    name: { type: 'string', pattern: '^[-a-z0-9._/]+$' },
    title: { type: 'string' },
    description: { type: 'string' },
    homepage: { type: 'string', pattern: '^https?://' },
    created: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2})$',
    },
    keywords: { type: 'array', minItems: 1, items: { type: 'string' } },
    licenses: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        anyOf: [{ required: ['name'] }, { required: ['path'] }],
        properties: {
          name: { type: 'string', pattern: '^([-a-zA-Z0-9._])+$' },
          path: PATH,
          title: { type: 'string' },
        },
      },
    },
    sources: { type: 'array', items: { type: 'object', minProperties: 1 } },
    resources: { type: 'array', minItems: 1, items: RESOURCE },
  },
};

/** A string as an SQL literal. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Strings as an SQL list literal. */
export function sqlList(texts: readonly string[]): string {
  return `[${texts.map(sqlString).join(', ')}]`;
}

/** How the columns of an absent relation are called and typed, as `{ key: 'VARCHAR' }`. */
export type SqlColumns = Readonly<Record<string, string>>;

/**
 * The rows of Parquet files as a sub-query `(SELECT ...)` with the given columns, in their types;
 * of no files: no rows.
 *
 * Paths are taken literally, whatever they hold: quotes, `*`, `[`, `name=value` folders.
 */
export function parquetRelation(
  files: readonly string[],
  columns: SqlColumns,
  options: { readonly fileColumn?: string } = {},
): string {
  const typed = Object.entries(columns).map(([name, type]) =>
    type === 'UUID' ? `"${name}"::BLOB::UUID AS "${name}"` : `"${name}"::${type} AS "${name}"`,
  );
  if (files.length === 0) {
    const nulls = Object.entries(columns).map(([name, type]) => `NULL::${type} AS "${name}"`);
    if (options.fileColumn !== undefined) nulls.push(`NULL::VARCHAR AS "${options.fileColumn}"`);
    return `(SELECT ${nulls.join(', ')} WHERE false)`;
  }
  const list = sqlList(files.map(literalPattern));
  const file = options.fileColumn === undefined ? '' : `, filename = '${options.fileColumn}'`;
  if (options.fileColumn !== undefined) typed.push(`"${options.fileColumn}"`);
  return `(SELECT ${typed.join(', ')} FROM read_parquet(${list}, hive_partitioning = false${file}))`;
}

/**
 * The pattern that matches one path only. DuckDB expands `*`, `?` and `[` in paths that it reads:
 * a class of one character stands for itself.
 */
export function literalPattern(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

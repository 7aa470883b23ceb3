// Small pieces of Markdown.

/** @param columns pairs of a title and a function from a row to its cell */
export function table(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(([title]) => title)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row)))),
  ];
}

/** A heading and what stands under it; nothing where there is nothing. */
export function section(title, lines) {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

/** Results of any shape: a table of names and values, lists of alike things as tables of their own. */
export function anyResult(result) {
  const values = [];
  const lists = [];
  collect(result, []);
  const lines =
    values.length === 0
      ? []
      : table(
          [
            ['what', first],
            ['value', second],
          ],
          values,
        );
  for (const [name, rows] of lists) {
    const title = name === '' ? [] : [`${name}:`, ''];
    lines.push(...(lines.length > 0 ? [''] : []), ...title, ...tableOfRows(rows));
  }
  return lines;

  function collect(value, path) {
    const name = path.map(spaced).join(', ');
    if (isListOfRows(value)) lists.push([name, value]);
    else if (isPlainObject(value)) {
      for (const [key, child] of Object.entries(value)) collect(child, [...path, key]);
    } else values.push([name, cell(value)]);
  }
}

/** A row each; those that hold more than values stand side by side, a column each. */
function tableOfRows(rows) {
  const flat = rows.map((row) => new Map(flattened(row, [])));
  const names = [...new Set(flat.flatMap((row) => [...row.keys()]))];
  if (rows.every((row) => Object.values(row).every((value) => typeof value !== 'object'))) {
    const columns = names.map((name) => [name, (row) => cell(row.get(name))]);
    return table(columns, flat);
  }
  const [head, ...others] = names;
  const columns = flat.map((row) => [cell(row.get(head)), (name) => cell(row.get(name))]);
  return table([[head, (name) => name], ...columns], others);
}

/** Pairs of name and value, however deep; of a list's rows, each after its name. */
function flattened(value, path) {
  if (isListOfRows(value)) {
    return value.flatMap(({ name, ...rest }, i) => flattened(rest, [...path, name ?? String(i)]));
  }
  if (!isPlainObject(value)) return [[path.map(spaced).join(', '), value]];
  return Object.entries(value).flatMap(([key, child]) => flattened(child, [...path, key]));
}

function first([value]) {
  return value;
}

function second([, value]) {
  return value;
}

function isListOfRows(value) {
  return Array.isArray(value) && value.length > 0 && value.every(isPlainObject);
}

function isPlainObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** `peakMemoryMb` reads `peak memory MB`. */
function spaced(name) {
  return name
    .replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/ [kmg]b$/, (unit) => unit.toUpperCase());
}

function cell(value) {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return number(value);
  return Array.isArray(value) ? value.map(cell).join(', ') : String(value);
}

export function number(value, digits = 3) {
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

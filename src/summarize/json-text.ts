/** A value of a totals file. */
export type TotalValue = bigint | string;

/** Members in the order in which they are printed: by code point of their names. */
export type Totals = Readonly<Record<string, TotalValue>>;

/**
 * An object of totals, as Python's `json.dump(..., indent=2)` writes it, but in UTF-8: bigint digit
 * for digit (JSON.stringify refuses it), and no final newline.
 *
 * @param indent spaces before the closing brace
 */
export function totalsText(totals: Totals, indent = 0): string {
  const margin = ' '.repeat(indent);
  const members = Object.entries(totals).map(
    ([name, value]) =>
      `${margin}  ${JSON.stringify(name)}: ${typeof value === 'bigint' ? value : JSON.stringify(value)}`,
  );
  return `{\n${members.join(',\n')}\n${margin}}`;
}

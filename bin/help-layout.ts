/** One thing that help lists. */
export interface HelpRow {
  readonly label: string;
  /** Spaces before the label, beyond the two of every row. */
  readonly indent?: number;
  readonly text: string;
  /** Stands at the right end: on the last line of the text if it fits there, else below. */
  readonly hint?: string;
}

const GAP = 2;

/** A block of help: a heading, and rows of labels with texts beside them. ASCII only. */
export function layOutRows(heading: string, rows: readonly HelpRow[], columns: number): string {
  const widest = Math.max(...rows.map(({ label, indent = 0 }) => label.length + indent));
  const labelWidth = Math.min(widest, Math.floor(columns / 2));
  return [heading, ...rows.flatMap((row) => layOutRow(row, labelWidth, columns)), ''].join('\n');
}

/** Break a text at spaces into lines of so many characters; its own line breaks stay. */
export function wrapText(text: string, columns: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const line = lines[lines.length - 1];
      if (line === '') lines[lines.length - 1] = word;
      else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] += ` ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}

function layOutRow(row: HelpRow, labelWidth: number, columns: number): string[] {
  const { label, indent = 0, text, hint } = row;
  const textStart = labelWidth + 2 * GAP;
  const labels = wrapText(label, labelWidth - indent);
  const texts = wrapText(text, columns - textStart);
  const lines = Array.from({ length: Math.max(labels.length, texts.length) }, (_, at) =>
    `${' '.repeat(GAP + indent)}${labels[at] ?? ''}`.padEnd(textStart).concat(texts[at] ?? ''),
  ).map((line) => line.trimEnd());
  if (hint === undefined) return lines;
  const [first, ...rest] = wrapText(hint, columns - GAP).map((part) => part.padStart(columns));
  const last = lines[lines.length - 1];
  const isRoom = last.length + first.trimStart().length <= columns;
  const merged = isRoom
    ? [...lines.slice(0, -1), last + first.slice(last.length)]
    : [...lines, first];
  return [...merged, ...rest];
}

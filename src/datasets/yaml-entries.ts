import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { yamlTokens } from '../../cache/given-yaml.js';

/** What stands in a file of maps of texts. */
export interface YamlEntry {
  /** From 1. */
  readonly line: number;
  readonly key: string;
  /** What YAML takes it for; undefined of a map. */
  readonly value: unknown;
  readonly entries: readonly YamlEntry[] | undefined;
}

/** Why a file is not what it should be; the message begins with the line. */
export class YamlEntryError extends Error {
  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
  }
}

/** A parser goes as deep as its stack, and some of these take it time that grows with their square. */
const UNWANTED: Readonly<Record<string, string>> = {
  anchor: 'an anchor (&name)',
  alias: 'an alias (*name)',
  tag: 'a tag (!name)',
  'flow-map-start': 'braces',
  'flow-seq-start': 'brackets',
  'seq-item-ind': 'a list (- item)',
  'explicit-key-ind': 'a key after a question mark',
  'directive-line': 'a directive (%NAME)',
};
const MOST_ENTRIES = 100_000;

/**
 * Read YAML that is a map of texts, and of maps of texts; nothing else of YAML, and each key once.
 *
 * @throws {YamlEntryError}
 */
export function parseEntries(text: string): YamlEntry[] {
  requirePlain(text);
  const lines = new LineCounter();
  // Its warnings, and the messages of its errors, would quote the file.
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: 'error',
    prettyErrors: false,
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new YamlEntryError(lines.linePos(error.pos[0]).line, `it is not YAML (${error.code})`);
  }
  const { contents } = document;
  if (!isMap(contents)) throw new YamlEntryError(1, 'it is not a map of names to values');
  return entriesOf(contents, lines, 1);
}

/** Looked for among the tokens, before anything is put together. */
function requirePlain(text: string): void {
  let line = 1;
  let entries = 0;
  for (const { type, source } of yamlTokens(text)) {
    const unwanted = type === null ? undefined : UNWANTED[type];
    if (unwanted !== undefined) {
      throw new YamlEntryError(
        line,
        `it has ${unwanted}, of which such a file makes no use; put quotes around a text that begins so`,
      );
    }
    if (type === 'map-value-ind' && ++entries > MOST_ENTRIES) {
      throw new YamlEntryError(line, `it has more than ${MOST_ENTRIES} entries`);
    }
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) line++;
  }
}

function entriesOf(map: YAMLMap, lines: LineCounter, levelsBelow: number): YamlEntry[] {
  const seen = new Map<string, number>();
  return map.items.map(({ key, value }) => {
    const line = isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 1;
    if (!isScalar(key) || typeof key.value !== 'string') {
      throw new YamlEntryError(line, 'it begins with no text; put quotes around it');
    }
    const before = seen.get(key.value);
    if (before !== undefined) {
      throw new YamlEntryError(line, `${shown(key.value)} stands in line ${before} already`);
    }
    seen.set(key.value, line);
    const entries =
      isMap(value) && levelsBelow > 0 ? entriesOf(value, lines, levelsBelow - 1) : undefined;
    return { line, key: key.value, value: isScalar(value) ? value.value : undefined, entries };
  });
}

/** A text of the file for a message: short, and nothing that moves a cursor. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80)).replace(
    /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu,
    '?',
  );
}

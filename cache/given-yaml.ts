import { CST, Lexer, parseDocument } from 'yaml';

/** Tells what is wrong with a file, as a clause. */
export type Fail = (why: string) => never;

/** Of what a few thousand take the parser minutes, or a small file makes a large value. */
const UNWANTED: Readonly<Record<string, string>> = {
  anchor: 'an anchor (&name)',
  alias: 'an alias (*name)',
  tag: 'a tag (!name)',
  'directive-line': 'a directive (%NAME)',
};
/** The parser goes as deep as its stack. */
const MOST_DEPTH = 100;

/** What a YAML file of a user's says, as plain values. Anchors, aliases, tags and directives are refused, and what nests deeply. */
export function parseGivenYaml(text: string, fail: Fail): unknown {
  requireTame(text, fail);
  // Its warnings would quote the file.
  const document = parseDocument(text, { logLevel: 'error' });
  if (document.errors.length > 0) fail(`it is not YAML (${document.errors[0].code})`);
  return document.toJS({ maxAliasCount: 0 });
}

/** A token of YAML, and what it is; null of the text of a scalar. */
export interface YamlToken {
  readonly type: CST.TokenType | null;
  readonly source: string;
}

/** What a text consists of, in linear time: nothing is put together. */
export function* yamlTokens(text: string): Generator<YamlToken, void> {
  let isScalarText = false;
  for (const source of new Lexer().lex(text)) {
    const type: CST.TokenType | null = isScalarText ? null : CST.tokenType(source);
    isScalarText = type === 'scalar';
    yield { type, source };
  }
}

/** Looked for among the tokens, before anything is put together. */
function requireTame(text: string, fail: Fail): void {
  let depth = 0;
  let itemsInLine = 0;
  for (const { type } of yamlTokens(text)) {
    const unwanted = type === null ? undefined : UNWANTED[type];
    if (unwanted !== undefined) fail(`it has ${unwanted}, which is not supported`);
    if (type === 'flow-map-start' || type === 'flow-seq-start') depth++;
    if (type === 'flow-map-end' || type === 'flow-seq-end') depth--;
    itemsInLine = type === 'newline' ? 0 : itemsInLine + Number(type === 'seq-item-ind');
    if (depth > MOST_DEPTH || itemsInLine > MOST_DEPTH) fail('it nests too deeply');
  }
}

/** @param what names the value in messages */
export function requireMapping(
  value: unknown,
  what: string,
  fail: Fail,
): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  return fail(`${what} is not a mapping of names to values`);
}

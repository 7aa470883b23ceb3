import { parseDocument } from 'yaml';

/** Tells what is wrong with a file, as a clause. */
export type Fail = (why: string) => never;

/** What a YAML file of a user's says, as plain values. Aliases, which can make a small file a large value, are refused. */
export function parseGivenYaml(text: string, fail: Fail): unknown {
  // Its warnings would quote the file.
  const document = parseDocument(text, { logLevel: 'error' });
  if (document.errors.length > 0) fail(`it is not YAML (${document.errors[0].code})`);
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    return fail('it has an alias (*name), which is not supported');
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

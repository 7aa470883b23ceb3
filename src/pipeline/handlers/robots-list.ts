import { RE2JS } from 're2js';

/** Expressions that find the user agents of robots, and the date of the newest. */
export interface RobotsList {
  readonly version: string;
  readonly patterns: readonly string[];
}

const MOST_PATTERNS = 20_000;
const LONGEST_PATTERN = 1_000;

/**
 * Read a list in the JSON form in which COUNTER publishes it: an array of `{"pattern": "…", "last_changed": "YYYY-MM-DD"}`; or in ours, with `version` and `patterns`.
 *
 * @throws {RangeError} what is wrong with it
 */
export function parseRobots(text: string): RobotsList {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RangeError('the list of robots is not JSON');
  }
  const list = Array.isArray(value) ? published(value) : ours(value);
  const { patterns } = list;
  if (patterns.length === 0 || patterns.length > MOST_PATTERNS)
    throw new RangeError(`the list of robots has ${patterns.length} entries`);
  const at = patterns.findIndex(
    (pattern) => typeof pattern !== 'string' || pattern === '' || pattern.length > LONGEST_PATTERN,
  );
  if (at >= 0) throw new RangeError(`entry ${at + 1} of the list of robots has no pattern`);
  return list;
}

function published(entries: readonly unknown[]): RobotsList {
  const objects = entries.map(
    (entry) => (entry ?? {}) as { pattern?: unknown; last_changed?: unknown },
  );
  const dates = objects
    .map(({ last_changed: date }) => date)
    .filter((date) => typeof date === 'string');
  return {
    version: dates.sort().at(-1) ?? 'unknown',
    patterns: objects.map(({ pattern }) => pattern as string),
  };
}

function ours(value: unknown): RobotsList {
  const { version, patterns } = (value ?? {}) as Partial<RobotsList>;
  if (typeof version !== 'string' || !Array.isArray(patterns))
    throw new RangeError('the list of robots has no patterns');
  return { version, patterns };
}

/** What an expression consists of that matches itself only. */
const LITERAL = /^(?:[^\\^$.|?*+()[\]{}]|\\[^A-Za-z0-9])+$/;

/** Finds robots by their user agent, without regard to case, in time linear in its length. */
export class RobotMatcher {
  readonly version: string;
  /** Most entries are plain words: to look for them takes no expression. */
  readonly #words: readonly string[];
  readonly #simple: RegExp | undefined;
  readonly #others: RE2JS | undefined;

  /** @throws {RangeError} an entry is no RE2 expression */
  constructor({ version, patterns }: RobotsList) {
    this.version = version;
    patterns.forEach(requireExpression);
    const words = patterns.filter((pattern) => LITERAL.test(pattern));
    const others = patterns.filter((pattern) => !LITERAL.test(pattern));
    this.#words = [...new Set(words.map((word) => word.replace(/\\(.)/g, '$1').toLowerCase()))];
    const simple = anyOf(others.filter(isSimple));
    this.#simple = simple === undefined ? undefined : new RegExp(simple, 'i');
    const rest = anyOf(others.filter((pattern) => !isSimple(pattern)));
    this.#others = rest === undefined ? undefined : RE2JS.compile(rest, RE2JS.CASE_INSENSITIVE);
  }

  /** @param agent as the log shows it */
  finds(agent: string): boolean {
    const lower = agent.toLowerCase();
    return (
      this.#words.some((word) => lower.includes(word)) ||
      this.#simple?.test(agent) === true ||
      this.#others?.matcher(agent).find() === true
    );
  }
}

/** Each of our own list is one. */
function anyOf(patterns: readonly string[]): string | undefined {
  return patterns.length === 0 ? undefined : patterns.map((one) => `(?:${one})`).join('|');
}

/**
 * Whether the engine of this language, a hundred times as fast as RE2 in JavaScript, cannot be made slow by an expression: nothing in it is repeated
 * without end, no group is repeated at all, and hardly anything may be left out, so that there is little to try again.
 */
function isSimple(pattern: string): boolean {
  // Classes that RE2 reads in another way.
  if (/\[\^?\]|\[:/.test(pattern)) return false;
  const bare = pattern
    .replace(/\\[dsw]/g, 'x')
    .replace(/\\[^A-Za-z0-9]/g, 'x')
    .replace(/\[\^?[^\]]*\]/g, 'x');
  if (/[\\*+]|\)[?{]|\(\?|\{\d*,\}|\{\d{2,}|,\d{2,}\}/.test(bare)) return false;
  return (bare.match(/[?{]/g) ?? []).length <= 3;
}

function requireExpression(pattern: string, at: number): void {
  try {
    RE2JS.compile(pattern);
  } catch {
    throw new RangeError(`entry ${at + 1} of the list of robots is no RE2 expression`);
  }
}

import { S3LogExtractionError } from '../cache/error.js';
import type { Protocol } from './protocol.js';
import { downloadsLogic } from './protocols/downloads-logic.js';
import { duplicates } from './protocols/duplicates.js';
import { extractionHeuristic } from './protocols/extraction-heuristic.js';
import { httpSplit } from './protocols/http-split.js';
import { late } from './protocols/late.js';
import { lines } from './protocols/lines.js';
import { timestamps } from './protocols/timestamps.js';

/** All protocols over log files, in the order in which they are told of. */
export const PROTOCOLS: readonly Protocol[] = [
  lines,
  downloadsLogic,
  timestamps,
  late,
  httpSplit,
  extractionHeuristic,
  duplicates,
];

/** What the Python tool calls them. */
const ALIASES: Readonly<Record<string, string>> = {
  http_empty_split: 'http_split',
  http_split_count: 'http_split',
  timestamps_parsing: 'timestamps',
};

/** There is no such protocol. */
export class ProtocolError extends S3LogExtractionError {
  constructor(name: string) {
    super(
      'UNKNOWN_PROTOCOL',
      `There is no validation protocol ${JSON.stringify(name)}.`,
      { hint: `Use one or several of ${[...protocolNames(), 'all'].join(', ')}: "a,b".` },
      2,
    );
  }
}

/** @throws {ProtocolError} */
export function protocolNamed(name: string): Protocol {
  const found = PROTOCOLS.find((protocol) => protocol.name === name);
  if (found === undefined) throw new ProtocolError(name);
  return found;
}

export function protocolNames(): string[] {
  return PROTOCOLS.map(({ name }) => name);
}

/**
 * The protocols of a list such as `lines,late` or `all`, each once, in the order of {@link PROTOCOLS}. Names of the Python
 * tool are understood.
 *
 * @throws {ProtocolError}
 */
export function protocolsOf(list: string): Protocol[] {
  const wanted = new Set(list.split(',').map(resolveName));
  for (const name of wanted) {
    if (name !== 'all' && !protocolNames().includes(name)) throw new ProtocolError(name);
  }
  return PROTOCOLS.filter(({ name }) => wanted.has('all') || wanted.has(name));
}

function resolveName(text: string): string {
  const name = text.trim();
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
}

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { type FernetOpener, isFernet } from './fernet.js';
import { decrypted, readWhole } from './peer-cache.js';

/** Entries that are taken apart together, so that memory does not depend on how many there are. */
const ENTRIES_AT_ONCE = 1000;

/** More than any region and address have. */
const LONGEST_ENTRY = 1000;
/** Lists and maps in each other, which nobody writes here: a parser goes as deep as its stack. */
const NESTED = /(?:[[{][^[{]*){8}/;
/** In place of what is none. */
const NO_ENTRY = '? []';

/**
 * Keys and values of a YAML file that is one map of texts to texts, a line each, as PyYAML writes one; long values go
 * on in lines that are indented. Encrypted ones are opened. What is no such entry
 * comes as two empty texts.
 *
 * @throws {PeerCacheError} it cannot be opened
 */
export function* peerEntries(
  path: string,
  opener: () => FernetOpener | undefined,
): Generator<[key: string, value: string]> {
  let entries: string[] = [];
  for (const line of linesOf(contentOf(path, opener))) {
    const last = entries.length - 1;
    if (line.startsWith(' ') && last >= 0) entries[last] += `\n${line}`;
    else if (line.trim() !== '' && !line.startsWith('#')) {
      if (entries.length >= ENTRIES_AT_ONCE) {
        yield* parsed(entries);
        entries = [];
      }
      entries.push(line);
    }
  }
  yield* parsed(entries);
}

function contentOf(path: string, opener: () => FernetOpener | undefined): Buffer {
  // Nobody waits for what comes out of a pipe.
  if (!statSync(path).isFile()) return Buffer.alloc(0);
  const start = Buffer.alloc(16);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, start, 0, start.length, 0);
  } finally {
    closeSync(fd);
  }
  return isFernet(start) ? decrypted(path, opener()) : readWhole(path);
}

function* linesOf(content: Buffer): Generator<string> {
  for (let at = 0; at < content.length; ) {
    const end = content.indexOf(0x0a, at);
    const stop = end < 0 ? content.length : end;
    yield content.toString('utf8', at, stop).replace(/\r$/, '');
    at = stop + 1;
  }
}

function* parsed(entries: readonly string[]): Generator<[string, string]> {
  const map = parseMap(entries.map(harmless).join('\n'));
  if (map !== undefined) {
    for (const [key, value] of map) {
      yield typeof key === 'string' && typeof value === 'string' ? [key, value] : ['', ''];
    }
  } else if (entries.length > 1) {
    for (const entry of entries) yield* parsed([entry]);
  } else if (entries.length === 1) {
    yield ['', ''];
  }
}

function harmless(entry: string): string {
  return entry.length > LONGEST_ENTRY || NESTED.test(entry) ? NO_ENTRY : entry;
}

function parseMap(text: string): Map<unknown, unknown> | undefined {
  try {
    // Nothing but texts, so that no address is taken for a number and no country for a truth value.
    const value: unknown = parse(text, {
      schema: 'failsafe',
      mapAsMap: true,
      uniqueKeys: false,
      maxAliasCount: 0,
      logLevel: 'silent',
    });
    return value instanceof Map ? value : undefined;
  } catch {
    return undefined;
  }
}

// Big files: `extract` beside wc, cat, gawk and DuckDB, with many keys, and how it grows; all in turns.
import { extract, extractResult, speed } from './extract.mjs';
import { growthResult } from './growth.mjs';
import { round } from './numbers.mjs';
import { cat, duckdb, gawk, hasGawk, wc } from './programs.mjs';
import { rounds } from './rounds.mjs';
import { growthNames } from './shapes.mjs';

/** @returns those of `{big, manyKeys, gawk, duckdb, growth}` that are wanted */
export async function benchBig(context) {
  const { wants, repeat, say } = context;
  const logs = await context.logs('big');
  const measures = { extract: { run: () => extract(logs, context) } };
  if (wants('big')) {
    measures.wc = { run: () => wc(logs) };
    measures.cat = { run: () => cat(logs) };
  }
  if (wants('duckdb')) measures.duckdb = { run: () => duckdb(logs, context) };
  if (wants('many-keys')) {
    const many = await context.logs('many-keys');
    measures['many-keys'] = { run: () => extract(many, context) };
  }
  if (wants('growth')) {
    for (const name of growthNames('big').slice(0, -1)) {
      const part = await context.logs(name);
      measures[name] = { run: () => extract(part, context) };
    }
  }
  // A minute each: once has to do.
  const withGawk = wants('gawk') && (await hasGawk());
  if (wants('gawk') && !withGawk) say('gawk is not installed: its numbers are null.');
  if (withGawk) measures.gawk = { run: () => gawk(logs), once: true };
  say('big: measuring ...');
  const found = await rounds(measures, repeat, say);
  const results = {};
  const ours = found.extract;
  if (wants('big')) results.big = besideReaders(logs, found);
  if (wants('many-keys')) results.manyKeys = await manyKeysResult(context, logs, found);
  if (wants('gawk')) results.gawk = withGawk ? besideParser(logs, ours, found.gawk) : null;
  if (wants('duckdb')) results.duckdb = besideParser(logs, ours, found.duckdb);
  if (wants('growth')) {
    results.growth = await growthResult('big', context, { ...found, big: ours });
  }
  await context.clear();
  return results;
}

/** `extract` beside `wc -l` and `cat` on the same logs. */
export function besideReaders(logs, { extract: ours, wc: lines, cat: bytes }) {
  return {
    extract: extractResult(logs, ours),
    wc: speed(lines, logs.bytes, logs.files.length),
    cat: speed(bytes, logs.bytes, logs.files.length),
    ratios: {
      extractToWc: round(ours.seconds / lines.seconds),
      extractToCat: round(ours.seconds / bytes.seconds),
    },
  };
}

/** How many times as long another program takes, and how near to the truth it comes. */
function besideParser({ bytes, files, truth }, ours, theirs) {
  const { kept, bytesSent, downloads, peakMemoryMb = null } = theirs.last;
  const { lines, archive } = truth;
  return {
    ...speed(theirs, bytes, files.length),
    peakMemoryMb,
    found: { kept, bytesSent, downloads },
    truth: { kept: lines.kept, bytesSent: archive.bytes_sent, downloads: archive.downloads },
    extractSeconds: round(ours.seconds, 3),
    ratioToExtract: round(theirs.seconds / ours.seconds),
  };
}

/** The same size with many different keys, buckets and addresses: how much longer does a byte take? */
async function manyKeysResult(context, logs, found) {
  const many = await context.logs('many-keys');
  const theirs = found['many-keys'].seconds / many.bytes;
  const ours = found.extract.seconds / logs.bytes;
  const { keys, addresses, buckets } = many.truth.options;
  return {
    drawnFrom: { keys, addresses, buckets },
    extract: extractResult(many, found['many-keys']),
    ratioToBig: round(theirs / ours),
  };
}

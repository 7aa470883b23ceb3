// The parts of the bench, in the order in which they are measured.
import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { benchBig } from './big.mjs';
import { benchSmall } from './small.mjs';

const BIG = ['big', 'many-keys', 'gawk', 'duckdb', 'growth'];
const SMALL = ['small', 'growth'];

/**
 * Parts with a file and data of their own: what is called, with `{scratch, smoke}`. The table of targets reads
 * `helpMs` and `nodeMs` of startup, `sizes` (the last is the largest) with `seconds` and `peakMemoryMb` of ledger,
 * `full.seconds`, `full.peakMemoryMb` and `daily.seconds` of summaries.
 */
const OTHERS = {
  startup: 'benchStartup',
  segments: 'benchSegments',
  ledger: 'benchLedger',
  summaries: 'benchSummaries',
};

export const PARTS = [...new Set([...BIG, ...SMALL, ...Object.keys(OTHERS)])];

/**
 * @returns `{parts, differences}`: results by part, and in which of them an account was not the truth
 */
export async function measureParts(context) {
  const { wants } = context;
  const big = BIG.some(wants) ? await benchBig(context) : {};
  const small = SMALL.some(wants) ? await benchSmall(context) : {};
  const parts = { ...big, ...small };
  if (wants('growth')) parts.growth = { big: big.growth, small: small.growth };
  for (const [name, exported] of Object.entries(OTHERS)) {
    if (wants(name)) parts[name] = await measureOther(name, exported, context);
  }
  return { parts, differences: differences(parts) };
}

/** @returns null where the part is not there */
async function measureOther(name, exported, { scratch: usual, summariesScratch, smoke, say }) {
  const url = new URL(`./${name}.mjs`, import.meta.url);
  if (!existsSync(url)) return null;
  const parent = name === 'summaries' ? summariesScratch : usual;
  const scratch = join(parent, `scratch-of-${name}`);
  mkdirSync(scratch);
  say(`${name}: measuring ...`);
  const started = performance.now();
  const module = await import(url.href);
  // One that fails must not cost the minutes that the others took.
  const result = await module[exported]({ scratch, smoke }).catch((error) => {
    say(`  ${error.stack}`);
    return { differences: [error.message] };
  });
  await rm(scratch, { recursive: true });
  say(`  ${name} took ${((performance.now() - started) / 1e3).toFixed(1)} s in all`);
  return result;
}

/** Everything that says of itself that it is not the truth, however deep. */
function differences(value, path = []) {
  if (value === null || typeof value !== 'object') return [];
  const own = Array.isArray(value.differences)
    ? value.differences.map((line) => `${path.join('.')}: ${line}`)
    : [];
  const failed = value.accountEqualsTruth === false && own.length === 0 ? [path.join('.')] : [];
  const inner = Object.entries(value).flatMap(([name, child]) =>
    differences(child, [...path, name]),
  );
  return [...own, ...failed, ...inner];
}

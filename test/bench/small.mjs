// Many small files: `extract` beside wc and cat, and how it grows; all in turns.
import { besideReaders } from './big.mjs';
import { extract } from './extract.mjs';
import { growthResult } from './growth.mjs';
import { cat, wc } from './programs.mjs';
import { rounds } from './rounds.mjs';
import { growthNames } from './shapes.mjs';

/** @returns those of `{small, growth}` that are wanted */
export async function benchSmall(context) {
  const { wants, repeat, say } = context;
  const logs = await context.logs('small');
  const measures = { extract: { run: () => extract(logs, context) } };
  if (wants('small')) {
    measures.wc = { run: () => wc(logs) };
    measures.cat = { run: () => cat(logs) };
  }
  if (wants('growth')) {
    for (const name of growthNames('small').slice(0, -1)) {
      const part = await context.logs(name);
      measures[name] = { run: () => extract(part, context) };
    }
  }
  say('small: measuring ...');
  const found = await rounds(measures, repeat, say);
  const results = {};
  if (wants('small')) results.small = besideReaders(logs, found);
  if (wants('growth')) {
    results.growth = await growthResult('small', context, { ...found, small: found.extract });
  }
  await context.clear();
  return results;
}

// Measures several things in turns, so that whatever else the machine does hits all of them alike.
import { median } from './numbers.mjs';

/**
 * @param measures functions by name, each returning at least `{seconds}`; `once` marks those too slow to be repeated
 * @returns by name: `{seconds, bestSeconds, runs, last}`; `seconds` is the median, `last` what the last run
 *   returned, `runs` all seconds in the order of the rounds
 */
export async function rounds(measures, repeat, say = () => {}) {
  const runs = new Map();
  for (let round = 0; round < repeat; round++) {
    for (const [name, { run, once = false }] of Object.entries(measures)) {
      if (once && round > 0) continue;
      const result = await run();
      say(`  ${name}: ${result.seconds.toFixed(2)} s`);
      runs.set(name, [...(runs.get(name) ?? []), result]);
    }
  }
  return Object.fromEntries([...runs].map(([name, results]) => [name, summary(results)]));
}

function summary(results) {
  const seconds = results.map((result) => result.seconds);
  return {
    seconds: median(seconds),
    bestSeconds: Math.min(...seconds),
    runs: seconds,
    all: results,
    last: results[results.length - 1],
  };
}

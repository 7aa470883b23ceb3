// What is wanted, as ratios or plain limits, beside what was reached.
import { significant } from './numbers.mjs';

const MIB = 2 ** 20 / 1e6;

/**
 * `reached` takes a number out of the parts, undefined or null when it was not measured. Smaller is better, unless
 * `atLeast` is set. `goal` is what lies beyond the target. `show` says the number and its unit.
 */
const TARGETS = [
  {
    work: 'big files, time beside `wc -l`',
    reached: ({ big }) => big?.ratios.extractToWc,
    target: 3,
    goal: 1.75,
    show: (x) => `${x} times`,
  },
  {
    work: 'small files, time beside `cat`',
    reached: ({ small }) => small?.ratios.extractToCat,
    target: 2,
    goal: 1,
    show: (x) => `${x} times`,
  },
  {
    work: 'big files, faster than gawk that only parses',
    reached: ({ gawk }) => gawk?.ratioToExtract,
    atLeast: true,
    target: 8,
    goal: 13,
    show: (x) => `${x} times`,
  },
  {
    work: 'big files, faster than DuckDB read_csv to the same table',
    reached: ({ duckdb }) => duckdb?.ratioToExtract,
    atLeast: true,
    target: 2,
    goal: 4,
    show: (x) => `${x} times`,
  },
  {
    work: 'many keys, addresses and buckets, time per byte beside big files',
    reached: ({ manyKeys }) => manyKeys?.ratioToBig,
    target: 1.5,
    goal: 1.1,
    show: (x) => `${x} times`,
  },
  {
    work: 'peak memory of `extract`, any logs',
    reached: (parts) => largest(extracts(parts).map((extract) => mib(extract.peakMemoryMb))),
    target: 1_024,
    goal: 512,
    show: (x) => `${x} MiB`,
  },
  {
    work: 'cache per raw byte, the larger of big and small files',
    reached: ({ big, small }) =>
      largest([big, small].map((x) => x && 100 * x.extract.cacheBytesPerRawByte)),
    target: 1,
    goal: 0.5,
    show: (x) => `${x} %`,
  },
  {
    work: 'growth: time per byte of 16 times the logs',
    reached: ({ growth }) => largest(curves(growth).map((curve) => curve.secondsPerGb)),
    target: 1.1,
    show: (x) => `${x} times`,
  },
  {
    work: 'growth: peak memory with 16 times the logs',
    reached: ({ growth }) => largest(curves(growth).map((curve) => curve.peakMemory)),
    target: 2,
    show: (x) => `${x} times`,
  },
  {
    work: 'summaries and totals of 100 M records, 5,000 datasets, time',
    reached: ({ summaries }) => summaries?.full?.seconds,
    target: 30,
    goal: 8,
    show: (x) => `${x} s`,
  },
  {
    work: 'the same, peak memory',
    reached: ({ summaries }) => mib(summaries?.full?.peakMemoryMb),
    target: 2_048,
    show: (x) => `${x} MiB`,
  },
  {
    work: 'daily update after 1 % new records, time beside the full rebuild',
    reached: ({ summaries }) =>
      summaries?.daily && summaries.daily.seconds / summaries.full?.seconds,
    target: 0.1,
    goal: 0.02,
    show: (x) => `${x} times`,
  },
  {
    work: 'extract 10,000 new files beside 10 M known ones, time',
    reached: ({ ledger }) => ledger?.sizes?.at(-1).seconds,
    target: 10,
    show: (x) => `${x} s`,
  },
  {
    work: 'the same, peak memory',
    reached: ({ ledger }) => mib(ledger?.sizes?.at(-1).peakMemoryMb),
    target: 1_024,
    show: (x) => `${x} MiB`,
  },
  {
    work: '`--help`',
    reached: ({ startup }) => startup?.helpMs,
    target: 150,
    show: (x) => `${x} ms`,
  },
  {
    work: '`--help`, beyond the start of Node',
    reached: ({ startup }) => startup?.helpMs - startup?.nodeMs,
    goal: 50,
    show: (x) => `${x} ms`,
  },
];

/** @returns for each target `{work, target, goal, reached, met, goalMet}`; null where there is nothing to say */
export function compareWithTargets(parts) {
  return TARGETS.map(({ work, reached, target, goal, atLeast = false, show }) => {
    const found = reached(parts);
    const isMissing = found === undefined || found === null || Number.isNaN(found);
    const value = isMissing ? null : significant(found);
    const limit = (number) =>
      number === undefined ? null : `${atLeast ? 'at least' : 'at most'} ${show(shown(number))}`;
    const meets = (number) => {
      if (isMissing || number === undefined) return null;
      return atLeast ? found >= number : found <= number;
    };
    return {
      work,
      target: limit(target),
      goal: limit(goal),
      reached: isMissing ? null : show(shown(value)),
      value,
      met: meets(target),
      goalMet: meets(goal),
    };
  });
}

/** Every run of `extract` there was, growth curves included. */
function extracts({ big, small, manyKeys, growth }) {
  return [
    ...[big, small, manyKeys].flatMap((part) => part?.extract ?? []),
    ...curves(growth).flatMap((curve) => curve.points),
  ];
}

function curves(growth) {
  return [growth?.big, growth?.small].filter((curve) => curve !== undefined);
}

function largest(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

function mib(megabytes) {
  return megabytes === null || megabytes === undefined ? null : Math.round(megabytes / MIB);
}

function shown(number) {
  return number.toLocaleString('en');
}

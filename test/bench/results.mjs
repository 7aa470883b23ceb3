// The same results as JSON for programs and as a table for people.

const COLUMNS = [
  ['logs', (run) => run.name],
  ['files', (run) => run.files.toLocaleString('en')],
  ['raw MB', (run) => (run.bytes / 1e6).toFixed(0)],
  ['s', (run) => run.extract.seconds.toFixed(2)],
  ['MB/s', (run) => run.extract.mbPerSecond],
  ['files/s', (run) => run.extract.filesPerSecond],
  ['ours / wc', (run) => run.ratios.oursToWc],
  ['ours / cat', (run) => run.ratios.oursToCat],
  ['gawk / ours', (run) => run.ratios.gawkToOurs ?? 'no gawk'],
  ['peak memory MB', (run) => run.extract.peakMemoryMb ?? 'unknown'],
  ['cache / raw', (run) => `${(100 * run.extract.cacheBytesPerRawByte).toFixed(2)} %`],
  ['account = truth', (run) => (run.accountEqualsTruth ? 'yes' : 'NO')],
];

/** `RESULTS.md`: written by `npm run bench -- --write`, never by hand. */
export function resultsMarkdown({ machine, commit, runs }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    '# Benchmark results',
    '',
    'Written by `npm run bench -- --write`. Ratios are of wall times on the same files in the same run, with a',
    'warm page cache: *ours / wc* says how many times as long `extract` takes as `wc -l`, *gawk / ours*',
    'how many times as long as ours a gawk script takes that only counts kept lines and their bytes.',
    '',
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}, Node ${machine.node}`,
    `- commit ${commit ?? 'unknown'}, ${runs[0].extract.workers} as \`--workers\``,
    '',
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map(() => '---')),
    ...runs.map((run) => row(COLUMNS.map(([, cell]) => cell(run)))),
    '',
  ].join('\n');
}

export function round(value, digits = 2) {
  return Number(value.toFixed(digits));
}

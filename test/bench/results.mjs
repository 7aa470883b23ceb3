// The same results as JSON, for people: RESULTS.md, written by `npm run bench -- --write`, never by hand.
import { anyResult, number, section, table } from './markdown.mjs';

const MIB = 2 ** 20 / 1e6;

export function resultsMarkdown({ machine, commit, options, parts, targets }) {
  return [
    '# Benchmark results',
    '',
    'Written by `npm run bench -- --write`. All times are wall times of whole processes, all ratios are of times in this one run;',
    `of logs they are medians of ${options.repeat} rounds, in which everything is measured in turns, with the logs in the page cache; gawk runs once.`,
    '',
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}, Node ${machine.node}`,
    `- logs and caches on ${machine.fileSystem ?? 'a file system that is not known'}, caches of summaries on ${machine.fileSystemOfSummaries ?? 'one that is not known'}`,
    `- commit ${commitText(commit)}, ${options.workers} as \`--workers\``,
    '',
    'Where a target is not met, [PROFILES.md](PROFILES.md) says what the time goes into.',
    ...section('Targets', targetTable(targets)),
    ...section('Logs', logTable(parts)),
    ...section('Beside programs that parse', parserTable(parts)),
    ...section('Growth', growthTable(parts.growth)),
    ...section('Start-up', otherTable(parts.startup)),
    ...section('Segments', otherTable(parts.segments)),
    ...section('Ledger', otherTable(parts.ledger)),
    ...section('Summaries', otherTable(parts.summaries)),
    '',
  ].join('\n');
}

function commitText(commit) {
  if (commit === null) return 'unknown';
  return commit.changed ? `${commit.id} and changes not committed yet` : commit.id;
}

function targetTable(targets) {
  return table(
    [
      ['work', (row) => row.work],
      ['target', (row) => row.target ?? '-'],
      ['reached', (row) => row.reached ?? 'not measured'],
      ['met', (row) => yesNo(row.met)],
      ['goal beyond', (row) => row.goal ?? '-'],
      ['goal met', (row) => yesNo(row.goalMet)],
    ],
    targets,
  );
}

function yesNo(value) {
  if (value === null) return '-';
  return value ? 'yes' : 'no';
}

function logTable({ big, manyKeys, small }) {
  const rows = [
    ['big', big],
    ['many keys', manyKeys],
    ['small', small],
  ].flatMap(([name, part]) => (part ? [{ name, ...part.extract, ratios: part.ratios }] : []));
  if (rows.length === 0) return [];
  return [
    '`extract` end to end: read, parse, seal, write segments durably, commit. Keys and addresses: different ones in kept lines.',
    '',
    ...table(
      [
        ['logs', (row) => row.name],
        ['files', (row) => number(row.files)],
        ['keys', (row) => number(row.keys)],
        ['addresses', (row) => number(row.addresses)],
        ...speedColumns(),
        ['times `wc -l`', (row) => row.ratios?.extractToWc ?? '-'],
        ['times `cat`', (row) => row.ratios?.extractToCat ?? '-'],
      ],
      rows,
    ),
  ];
}

/** Of one result of `extract`. */
function speedColumns() {
  return [
    ['raw MB', (row) => number(row.bytes / 1e6, 0)],
    ['s', (row) => row.seconds.toFixed(2)],
    ['best s', (row) => row.bestSeconds.toFixed(2)],
    ['MB/s', (row) => number(row.mbPerSecond)],
    ['files/s', (row) => number(row.filesPerSecond)],
    ['peak memory MiB', (row) => memory(row.peakMemoryMb)],
    ['cache / raw', (row) => `${(100 * row.cacheBytesPerRawByte).toFixed(2)} %`],
    ['account = truth', (row) => (row.accountEqualsTruth ? 'yes' : 'NO')],
  ];
}

function memory(megabytes) {
  return megabytes === null ? 'unknown' : number(megabytes / MIB, 0);
}

const PARSERS = {
  gawk: 'gawk: [a script](parse-lines.awk) in one process that finds key, time, address, bytes, status and operation of each successful GET. It keeps nothing, and refuses hardly any line.',
  duckdb:
    'DuckDB: [read_csv](duckdb-extract.mjs) with two threads, into one Parquet file of key, time, requester, bytes sent and download. It seals no address, groups nothing by key, accounts for no line and waits for no disk; some lines with quotes within quotes are lost.',
};

function parserTable(parts) {
  const names = Object.keys(PARSERS).filter((name) => name in parts);
  if (names.length === 0) return [];
  const rows = names.flatMap((name) => (parts[name] ? [{ name, ...parts[name] }] : []));
  return [
    ...names.map((name) => `- ${PARSERS[name]}${parts[name] ? '' : ' Not installed here.'}`),
    ...(rows.length === 0 ? [] : ['']),
    ...(rows.length === 0
      ? []
      : table(
          [
            ['program', (row) => row.name],
            ['s', (row) => row.seconds.toFixed(2)],
            ['times `extract`', (row) => row.ratioToExtract],
            ['records', (row) => number(row.found.kept)],
            ['in truth', (row) => number(row.truth.kept)],
            ['bytes sent', (row) => number(Number(row.found.bytesSent))],
            ['in truth', (row) => number(Number(row.truth.bytesSent))],
          ],
          rows,
        )),
  ];
}

function growthTable(growth) {
  if (!growth) return [];
  const curves = [growth.big, growth.small];
  return [
    'A sixteenth, a quarter and all of the big and of the small files. From the smallest to the largest:',
    '',
    ...curves.map(
      ({ points, secondsPerGb, peakMemory }) =>
        `- ${points.at(-1).name}: time per GB ${secondsPerGb} times, peak memory ${peakMemory ?? 'unknown'} times.`,
    ),
    '',
    ...table(
      [
        ['logs', (row) => row.name],
        ['files', (row) => number(row.files)],
        ['s per GB', (row) => row.secondsPerGb.toFixed(2)],
        ...speedColumns(),
      ],
      curves.flatMap((curve) => curve.points),
    ),
  ];
}

function otherTable(result) {
  return result ? anyResult(result) : [];
}

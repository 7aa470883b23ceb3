import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatBytes, formatCount, plural } from '../format.js';

export const statusCommand = defineCommand({
  name: 'status',
  describe: DESCRIPTIONS.status,
  examples: [['$0 status', 'Look at the cache, also while a run is on']],
  async run(_options, { cacheDirectory, output }) {
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { readCacheStatus } = await import('../../cache/cache-status.js');
    const { paths, cacheFile } = openCacheForReading(cacheDirectory);
    const { findWatchers } = await import('../../src/spool/find-watchers.js');
    const status = readCacheStatus(paths);
    const watchers = findWatchers(paths);
    const { countingRule, describeRule, ROBOTS_TOLD } = await import('../describe-rule.js');
    const rule = countingRule(paths);
    const { heldShards } = await import('../../cache/shards/shard-locks.js');
    const shards = heldShards(paths);
    const { lines, runs, lock } = status;
    const running = lock?.held ? lock.owner : undefined;
    const text = [
      `Cache ${paths.root} (key from a ${cacheFile.key.source === 'password' ? 'password' : 'key file'})`,
      `  log files: ${formatCount(status.files)} (${formatBytes(status.bytes)}) in ${plural(status.commits, 'commit')}`,
      ...(status.importedObjects > 0
        ? [`  imported:  records of ${plural(status.importedObjects, 'object')}`]
        : []),
      `  on disk:   ${formatBytes(status.cacheBytes)}${status.bytes > 0 ? `, ${((100 * status.cacheBytes) / status.bytes).toFixed(2)} % of the logs` : ''}`,
      `  lines:     ${formatCount(lines.total)} = ${formatCount(lines.kept)} kept + ${formatCount(lines.skipped)} skipped + ${formatCount(lines.rejected)} rejected`,
      ...counts('rejected', lines.reasons),
      ...counts('noted', lines.notes),
      `  datasets:  ${inOneLine(describeRule(rule?.datasets))}`,
      ...(rule === undefined || rule.robots === 'include'
        ? []
        : [`  counted:   ${ROBOTS_TOLD[rule.robots]}`]),
      ...(status.isRepairPending
        ? ['  repair:    not finished; run "s3logextraction repair" again']
        : []),
      status.pendingCommits === 0
        ? '  summaries: nothing pending'
        : `  summaries: ${plural(status.pendingCommits, 'commit')} not in them yet; run "s3logextraction update"`,
      running !== undefined
        ? `  running:   ${running.command}, pid ${running.pid} on ${running.host}, since ${running.since}`
        : lock?.held
          ? '  running:   another process (its lock file cannot be read)'
          : shards.some(({ state }) => state === 'working')
            ? '  running:   shards'
            : '  running:   nothing',
      ...shards.map(
        ({ index, count, state, owner }) =>
          `    shard ${index} of ${count}: ${state === 'working' ? 'at work' : 'silent; start it again'}, ${owner === undefined ? 'its lock file cannot be read' : `pid ${owner.pid} on ${owner.host}, since ${owner.since}`}`,
      ),
      ...watchers.map(
        ({ spool, owner }) =>
          `  watching:  ${inOneLine(spool.root)}, pid ${owner.pid} on ${owner.host}, since ${owner.since}`,
      ),
    ];
    if (runs.length > 0) text.push('Last runs:');
    for (const run of runs) {
      text.push(
        `  ${run.from}  ${plural(run.files, 'file')}, ${run.importedObjects > 0 ? `${plural(run.importedObjects, 'imported object')}, ` : ''}${formatBytes(run.bytes)}, ${formatCount(run.linesKept)} kept, ${formatCount(run.linesRejected)} rejected, from ${inOneLine(run.source)}`,
      );
    }
    output.print(text.join('\n'));
    output.json({
      cache: paths.root,
      ...status,
      datasets: rule?.datasets ?? null,
      robots: rule?.robots ?? null,
      lock: undefined,
      running:
        running === undefined
          ? null
          : {
              command: running.command,
              pid: running.pid,
              host: running.host,
              since: running.since,
            },
      shards: shards.map(({ index, count, state, owner }) => ({
        index,
        count,
        state,
        pid: owner?.pid ?? null,
        host: owner?.host ?? null,
        since: owner?.since ?? null,
      })),
      watching: watchers.map(({ spool, owner: { pid, host, since } }) => ({
        spool: spool.root,
        pid,
        host,
        since,
      })),
    });
    return EXIT_STATUS.done.status;
  },
});

function counts(verb: string, named: Readonly<Record<string, number>>): string[] {
  return Object.entries(named)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `    ${formatCount(count)} ${verb}: ${name}`);
}

/** A name with line ends in it must not pass for lines of ours. */
function inOneLine(text: string): string {
  return text.replace(/[\t\n\r]/g, ' ');
}

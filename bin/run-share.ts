import type { CachePaths } from '../cache/paths.js';
import { loadSharing } from '../src/share/load-sharing.js';
import { packageLimits } from '../src/share/package/package-limits.js';
import { type SharedPackage, type ShareReport, shareArchive } from '../src/share/share-archive.js';
import { environmentSettings } from '../src/share/ship/environment.js';
import { openDesk } from '../src/share/ship/open-desk.js';
import { formatBytes, plural } from './format.js';
import type { Output } from './output.js';
import { watchSignals } from './stop-signals.js';

/** What the command line says of packages. */
export interface ShareRunOptions {
  readonly to: string;
  readonly collectors: readonly string[] | undefined;
  readonly pick: readonly string[] | undefined;
  readonly skip: readonly string[] | undefined;
  readonly isDryRun: boolean;
  readonly isAgain: boolean;
  /** Megabytes. */
  readonly maxSize: number | undefined;
  readonly maxPackedSize: number | undefined;
  readonly silenceMs: number;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

/** Gather, pack and ship, and tell what became of it. */
export async function runShare(
  paths: CachePaths,
  options: ShareRunOptions,
  output: Output,
  env: NodeJS.ProcessEnv,
): Promise<ShareReport> {
  const { isDryRun } = options;
  const sharing = await loadSharing(options.collectors);
  const settings = [environmentSettings(env), ...sharing.shipping];
  const limits = packageLimits({
    ...Object.assign({}, ...settings.map((one) => one.limits)),
    ...(options.maxSize === undefined ? {} : { uncompressedBytes: options.maxSize * 1e6 }),
    ...(options.maxPackedSize === undefined ? {} : { packedBytes: options.maxPackedSize * 1e6 }),
  });
  const desk = openDesk({
    to: options.to,
    cacheRoot: paths.root,
    settings,
    silenceMs: options.silenceMs,
    endpoint: options.endpoint,
    region: options.region,
    onRetry: (name, reason) => output.note(`${name}: ${reason}; it is tried again.`),
  });
  const stopping = new AbortController();
  const signals = watchSignals(() => {
    output.note('Stopping: what is not shipped yet stands in the cache for the next run.');
    stopping.abort();
  });
  try {
    const report = await shareArchive({
      paths,
      sharing,
      pick: options.pick,
      skip: options.skip,
      desk,
      limits,
      isDryRun,
      isAgain: options.isAgain,
      signal: stopping.signal,
      onPackage: (shared) => output.print(lineOf(shared)),
    });
    tellReport(report, desk.destination.shown, isDryRun, output);
    return report;
  } finally {
    signals.close();
    desk.close();
  }
}

const OUTCOMES = {
  shipped: 'shipped',
  there: 'is there already',
  waiting: 'would be shipped',
} as const;

function lineOf({ name, sizeBytes, uncompressedBytes, files, outcome }: SharedPackage): string {
  const sizes = `${formatBytes(sizeBytes)}, ${formatBytes(uncompressedBytes)} unpacked`;
  return `${name} ${OUTCOMES[outcome]} (${sizes}: ${files.join(', ')})`;
}

function tellReport(
  { packages, unchanged, stopped }: ShareReport,
  destination: string,
  isDryRun: boolean,
  output: Output,
): void {
  const verb = isDryRun ? 'would go' : 'went';
  const count = packages.length;
  output.print(
    count === 0
      ? `Nothing new for ${destination}.`
      : `${plural(count, 'package')} ${verb} to ${destination}.`,
  );
  if (unchanged.length > 0 && count > 0) output.print(`Unchanged: ${unchanged.join(', ')}.`);
  if (stopped) output.print('Stopped before the end; the next run goes on.');
}

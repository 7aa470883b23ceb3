import type { ExtractionProgress } from '../src/extract/extract-logs.js';
import { formatBytes, formatCount, formatDuration, plural } from './format.js';
import type { Output } from './output.js';

/** Where there is no terminal, a plain line this often. */
const PLAIN_MS = 10_000;
/** The rate shown is that of the last seconds. */
const RATE_MS = 5_000;

/**
 * Shows files, bytes, rate and remaining time: one moving line, or now and then a plain one.
 *
 * @param doing what is done with the files
 */
export function extractionReporter(
  output: Output,
  doing = 'Extracting',
): (progress: ExtractionProgress) => void {
  const samples: { at: number; bytes: number }[] = [{ at: performance.now(), bytes: 0 }];
  let lastPlain = performance.now();
  return (progress) => {
    const now = performance.now();
    samples.push({ at: now, bytes: progress.bytesDone });
    while (samples.length > 2 && now - samples[0].at > RATE_MS) samples.shift();
    if (process.stderr.isTTY) {
      output.progress(`${doing}: ${describe(progress, rateOf(samples))}`);
    } else if (now - lastPlain >= PLAIN_MS) {
      lastPlain = now;
      output.note(`${doing}: ${describe(progress, rateOf(samples))}`);
    }
  };
}

function rateOf(samples: readonly { at: number; bytes: number }[]): number {
  const [first, last] = [samples[0], samples[samples.length - 1]];
  return last.at > first.at ? ((last.bytes - first.bytes) / (last.at - first.at)) * 1000 : 0;
}

function describe(progress: ExtractionProgress, bytesPerSecond: number): string {
  const { filesDone, filesPlanned, bytesDone, bytesPlanned, isPlanned } = progress;
  const more = isPlanned ? '' : '+';
  const parts = [
    `${formatCount(filesDone)} of ${isPlanned ? plural(filesPlanned, 'file') : `${formatCount(filesPlanned)}+ files`}`,
    `${formatBytes(Math.min(bytesDone, bytesPlanned))} of ${formatBytes(bytesPlanned)}${more}`,
    `${formatBytes(bytesPerSecond)}/s`,
  ];
  if (isPlanned && bytesPerSecond > 0) {
    const left = Math.max(0, bytesPlanned - bytesDone) / bytesPerSecond;
    parts.push(`${formatDuration(left)} left`);
  }
  return parts.join(', ');
}

import { S3LogExtractionError } from '../cache/error.js';
import type { LogReport } from '../validation/log-report.js';
import { protocolsOf } from '../validation/protocols.js';
import { type ValidateLogsOptions, validateLogs } from '../validation/validate-logs.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, formatElapsed, formatTable, plural } from './format.js';
import type { Output } from './output.js';
import { extractionReporter } from './progress-reporter.js';
import { watchSignals } from './stop-signals.js';

/** `--max-findings` is no number of findings. */
export class MaxFindingsError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_MAX_FINDINGS',
      '--max-findings must be a whole number of findings, 0 to 1,000,000.',
      {},
      2,
    );
  }
}

/** They are held in memory until they are told in order. */
const MOST_MAX_FINDINGS = 1_000_000;

/** @throws {MaxFindingsError} */
export function requireMaxFindings(value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < 0 || value > MOST_MAX_FINDINGS) {
    throw new MaxFindingsError();
  }
}

/** Validate log files with progress and warnings shown, and print what was found. @returns the exit status */
export async function runLogValidation(
  options: { readonly protocol: string } & Omit<ValidateLogsOptions, 'protocols'>,
  output: Output,
): Promise<number> {
  const protocols = protocolsOf(options.protocol);
  const signals = watchSignals(() =>
    output.note('Stopping: what was looked at is kept, and told. Signal again to leave at once.'),
  );
  try {
    const report = await validateLogs({
      ...options,
      protocols,
      onWarning: (message) => output.warn(message),
      onProgress: extractionReporter(output, 'Validating'),
      shouldStop: signals.shouldStop,
    });
    for (const text of describeFindings(report)) output.print(text);
    output.print(describeReport(report));
    output.json(report);
    return statusOf(report);
  } finally {
    signals.close();
  }
}

/** What was found matters more than what could not be looked at. */
function statusOf({ files, protocols }: LogReport): number {
  if (protocols.some(({ findings }) => findings > 0)) return EXIT_STATUS.findings.status;
  return files.failed > 0 ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status;
}

function describeFindings({ findings }: LogReport): string[] {
  return findings.map(
    ({ protocol, reason, file, offset, first, line }) =>
      `${file}:${offset}: ${protocol} ${reason}${first === undefined ? '' : ` (first ${first.file}:${first.offset})`}${line === undefined ? '' : `\n    ${line}`}`,
  );
}

function describeReport(report: LogReport): string {
  const { files, lines, bytes, elapsedMs, protocols, findings, stopped } = report;
  const text: string[] = [];
  const rows = protocols.flatMap(({ protocol, reasons }) =>
    reasons.map(({ reason, lines: count, records, bytes: sent }) => [
      `${protocol} ${reason}`,
      formatCount(count),
      formatCount(records),
      sent,
    ]),
  );
  const total = protocols.reduce((sum, one) => sum + one.findings, 0);
  if (total > findings.length) {
    text.push(`${plural(total - findings.length, 'more finding')} not shown; see --max-findings.`);
  }
  if (rows.length > 0) {
    text.push(formatTable([['finding', 'lines', 'records', 'bytes sent'], ...rows]));
  }
  const rate = elapsedMs > 0 ? `, ${formatBytes((bytes / elapsedMs) * 1000)}/s` : '';
  text.push(
    `${total === 0 ? 'Nothing found' : plural(total, 'finding')} in ${plural(lines, 'line')} of ${plural(files.found - files.failed, 'log file')} (${formatBytes(bytes)}) in ${formatElapsed(elapsedMs)}${rate}.`,
  );
  for (const { protocol, files: of } of protocols) {
    if (of.unjudged > 0) {
      text.push(`  ${protocol}: ${plural(of.unjudged, 'file')} it can say nothing of.`);
    }
  }
  if (files.known > 0) {
    text.push(`  ${plural(files.known, 'file')} not read again: nothing has changed since.`);
  }
  if (files.failed > 0) text.push(`  ${plural(files.failed, 'file')} could not be read.`);
  if (stopped) text.push('Stopped as asked; the same command goes on from here.');
  return text.join('\n');
}

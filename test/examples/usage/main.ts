import { auditUsage } from './run.js';

const [events, verdicts, ...others] = process.argv.slice(2);
if (events === undefined || verdicts === undefined || others.length > 0) {
  process.stderr.write('Usage: node main.js EVENTS.jsonl VERDICTS.jsonl\n');
  process.exitCode = 2;
} else {
  try {
    const report = await auditUsage({
      events,
      verdicts,
      log: (message) => process.stderr.write(`${message}\n`),
    });
    process.stdout.write(`${JSON.stringify(report)}\n`);
    const leftOut = report.notAudited.length > 0 || Object.keys(report.rejected).length > 0;
    process.exitCode = leftOut ? 3 : 0;
  } catch (error) {
    process.stderr.write(`Could not audit: ${(error as Error).message}.\n`);
    process.exitCode = 1;
  }
}

import type { Sandbox } from './cli.js';
import { logText, type TruthLine } from './truth.js';

/** A log of requests to some assets of some datasets, over days. */
export function requestsOver(
  days: readonly string[],
  { datasets = 3, assets = 4, each = 1, client = 1 } = {},
): string {
  const lines: TruthLine[] = [];
  for (const day of days) {
    for (let dataset = 0; dataset < datasets; dataset++) {
      for (let asset = 0; asset < assets; asset++) {
        for (let n = 0; n < each; n++) {
          lines.push({
            key: `ds${dataset}/sub-${asset}/file-${asset}.nwb`,
            time: Date.parse(`${day}T10:00:00Z`) / 1000 + n,
            client: client + n,
            bytes: BigInt(1000 + asset),
          });
        }
      }
    }
  }
  return logText(lines);
}

/** Extract a log and publish. */
export async function publish(sandbox: Sandbox, name: string, text: string): Promise<void> {
  sandbox.write(name, text);
  await sandbox.done('update', '--from', 'logs');
}

// Has a watcher do as many rounds as in days of its life, each with new logs, one after the other, and tells what memory it takes.
// A week of deliveries every half hour is 336 rounds, one of every 30 seconds 20,160.
//   node test/bench/watch-soak.mjs [--rounds N] [--publish]
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Scene } from '../crash/scene.mjs';
import { deliver, logOf } from '../crash/spool-scene.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '336' },
    publish: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds);
const SAMPLES = 20;
/** How much more the last quarter may take than the second. */
const MOST_GROWTH = 1.25;

const scene = new Scene();
const [spool, cache] = ['spool', 'cache'].map((name) => join(scene.scratch, name));
const healthFile = join(scene.scratch, 'health.json');
mkdirSync(spool);
const times = ['--interval', '0.05', '--settle', '0', '--health', healthFile];
const more = values.publish ? ['--then', 'summaries'] : [];
const { child, ended } = scene.start(cache, 'watch', spool, ...times, ...more);
const samples = [];
try {
  const from = performance.now();
  for (let n = 1; n <= ROUNDS; n++) {
    deliver(spool, `day-${n % 7}/log-${n}`, logOf(n), true);
    while (extracted() < n) await wait(10);
    if (n % Math.ceil(ROUNDS / SAMPLES) === 0) {
      const [, kilobytes] = /VmRSS:\s*(\d+)/.exec(
        readFileSync(`/proc/${child.pid}/status`, 'utf8'),
      );
      samples.push(Number(kilobytes) / 1000);
      const seconds = Math.round((performance.now() - from) / 1000);
      console.log(`${n} rounds with new logs, ${seconds} s: ${Math.round(samples.at(-1))} MB`);
    }
  }
  child.kill('SIGTERM');
  const { status, stderr } = await ended;
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr.slice(-1000)}`);
} finally {
  child.kill('SIGKILL');
  scene.remove();
  rmSync(scene.scratch, { recursive: true, force: true });
}
const quarter = Math.floor(samples.length / 4);
const mean = (part) => part.reduce((sum, one) => sum + one, 0) / part.length;
const growth = mean(samples.slice(-quarter)) / mean(samples.slice(quarter, 2 * quarter));
console.log(`The last quarter takes ${growth.toFixed(2)} times what the second took.`);
process.exitCode = growth > MOST_GROWTH ? 1 : 0;

function extracted() {
  if (!existsSync(healthFile)) return 0;
  return JSON.parse(readFileSync(healthFile, 'utf8')).counts.extracted;
}

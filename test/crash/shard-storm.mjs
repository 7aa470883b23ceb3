// Extracts by shards that are killed (SIGKILL) at random instants and started again, divided by one number and then by another, with
// writers of other kinds in between; then requires the bytes and the account of one undisturbed process.
//   node test/crash/shard-storm.mjs [--kills N] [--seed N]
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomFrom, Scene, same, tree } from './scene.mjs';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const random = randomFrom(Number(values.seed));
const below = (n) => Math.floor(random() * n);
const ROUNDS_A_CACHE = 4;
const account = { sent: 0, killed: 0, refused: 0, passed: 0, failed: 0 };

const scene = new Scene();
const { scratch, logs } = scene;
try {
  scene.writeNight(0, { files: 30, gzip: true });
  scene.writeNight(1, { files: 12, repeat: 200, gzip: true });
  scene.writeNight(2, { files: 1, repeat: 1500 });
  const whole = join(scratch, 'whole');
  requireDone('the undisturbed run', scene.run(whole, 'update', '--from', logs));
  const expected = tree(join(whole, 'summaries'));
  const { lines } = JSON.parse(scene.run(whole, 'status', '--json').stdout);
  for (let n = 0; account.sent < Number(values.kills); n++) await storm(`c${n}`, expected, lines);
} finally {
  scene.remove();
}
const { sent, killed, refused, passed, failed } = account;
console.log(
  `shard storm, seed ${values.seed}: ${sent} kills sent, ${killed} of them in time, ${refused} runs refused; ${passed} passed, ${failed} failed`,
);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function storm(name, expected, lines) {
  const cache = join(scratch, name);
  for (let round = 0; round < ROUNDS_A_CACHE; round++) {
    const count = 2 + below(4);
    const runs = Array.from({ length: count }, (_, i) =>
      scene.start(cache, 'extract', logs, '--shard', `${i + 1}/${count}`, '--workers=1'),
    );
    // Somebody who is no shard, or is one of another division: refused, or too early, or too late.
    if (random() < 0.5) {
      const other = [['update'], ['extract', logs], ['extract', logs, '--shard', '1/7']][below(3)];
      await wait(below(600));
      runs.push(scene.start(cache, ...other));
    }
    for (const { child } of runs) {
      if (random() < 0.4) continue;
      await wait(below(350));
      account.sent++;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Done already.
      }
    }
    for (const ended of await Promise.all(runs.map((run) => run.ended))) judge(ended);
  }
  // The last division: each shard until it is done.
  const count = 1 + below(5);
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const run = scene.start(cache, 'extract', logs, '--shard', `${i + 1}/${count}`);
      requireDone(`${name}, shard ${i + 1} of ${count}`, await run.ended);
    }),
  );
  const before = account.failed;
  requireDone(`${name}, update`, scene.run(cache, 'update'));
  if (!same(tree(join(cache, 'summaries')), expected)) fail(`${name}: the bytes are other ones`);
  const status = JSON.parse(scene.run(cache, 'status', '--json').stdout);
  for (const part of ['total', 'kept', 'skipped', 'rejected']) {
    if (status.lines[part] !== lines[part]) fail(`${name}: ${part} is ${status.lines[part]}`);
  }
  if (status.shards.length > 0) fail(`${name}: shards are left`);
  const checked = scene.run(cache, 'validate', 'cache');
  if (checked.status !== 0) fail(`${name}: ${checked.stdout}`);
  rmSync(cache, { recursive: true, force: true });
  if (account.failed === before) account.passed++;
}

function judge({ status, signal, stderr, command }) {
  if (signal === 'SIGKILL') account.killed++;
  else if (status === 4) account.refused++;
  else if (status !== 0 && !stderr.includes('NO_CACHE')) {
    fail(`${command.join(' ')} ended with ${status}: ${stderr}`);
  }
  if (/CACHE_DAMAGED|INTERNAL|198\.51\.|at .*\.js:/.test(stderr)) {
    fail(`${command.join(' ')}: ${stderr}`);
  }
}

function requireDone(name, { status, stderr }) {
  if (status !== 0) fail(`${name} ended with ${status}: ${stderr}`);
}

function fail(why) {
  account.failed++;
  console.log(`FAIL ${why}`);
}

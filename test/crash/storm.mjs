// Kills the built program again and again (SIGKILL, the whole process group, at random instants, whatever it is
// doing), then lets it finish, and requires the bytes of an undisturbed run; then lets many run at once.
//   node test/crash/storm.mjs [--kills N] [--rounds N] [--seed N]
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomFrom, Scene, same, tree } from './scene.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const random = randomFrom(Number(values.seed));
const below = (n) => Math.floor(random() * n);
const KILLS_A_CACHE = 15;
let failed = 0;
let passed = 0;
let killed = 0;
let reached = 0;

const scene = new Scene();
const { scratch, logs } = scene;
try {
  scene.writeNight(0, { files: 20, gzip: true });
  scene.writeNight(1, { files: 6, repeat: 300, gzip: true });
  // Read in parts, by several workers.
  scene.writeNight(2, { files: 1, repeat: 2400 });
  const whole = join(scratch, 'whole');
  requireDone('the undisturbed run', scene.run(whole, 'update', '--from', logs));
  const expected = tree(join(whole, 'summaries'));
  const account = JSON.parse(scene.run(whole, 'status', '--json').stdout).lines;
  for (let n = 0; reached < Number(values.kills); n++) {
    await Promise.all([storm(`a${n}`, expected, account), storm(`b${n}`, expected, account)]);
  }
  for (let round = 0; round < Number(values.rounds); round++) await crowd(round, expected, account);
} finally {
  scene.remove();
}
console.log(
  `storm, seed ${values.seed}: ${reached} kills sent, ${killed} of them in time; ${passed} passed, ${failed} failed`,
);
process.exitCode = failed === 0 ? 0 : 1;

async function storm(name, expected, account) {
  const cache = join(scratch, name);
  for (let kill = 0; kill < KILLS_A_CACHE; kill++) {
    const command = chooseCommand(kill);
    const { child, ended } = scene.start(cache, ...command);
    await wait(below(command[0] === 'config' ? 250 : 1100));
    reached++;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Done already.
    }
    const { signal, stderr } = await ended;
    if (signal === 'SIGKILL') killed++;
    if (/CACHE_DAMAGED|INTERNAL|198\.51\.|at .*\.js:/.test(stderr)) {
      fail(`${command.join(' ')} after a kill: ${stderr}`);
    }
  }
  finish(`storm ${name}`, cache, expected, account);
}

function chooseCommand(kill) {
  const workers = `--workers=${1 + below(3)}`;
  const extract = ['extract', logs, workers];
  const update = ['update', '--from', logs, workers];
  const others = [
    ['update', 'ip', 'regions', '--offline'],
    ['update', 'ip', 'indexes'],
    ['update', 'summaries'],
    ['update', 'totals', '--mode', 'archive'],
    ['update', 'summaries', '--dataset-level', '1'],
    ['repair', logs],
    ['repair', logs, '--changed'],
    ['config', 'skip-ips', 'clear'],
    ['stop', '--timeout', '1'],
  ];
  const dice = random();
  if (kill < 3 || dice < 0.35)
    return dice < 0.2 ? [...extract, `--limit=${1 + below(9)}`] : extract;
  if (dice < 0.65) return update;
  if (dice < 0.68) return ['reset', 'extraction', '--yes'];
  return others[below(others.length)];
}

/** Several at once: each ends well or is refused because another one writes, and readers see whole states. */
async function crowd(round, expected, account) {
  const cache = join(scratch, `crowd${round}`);
  const commands = [
    ['extract', logs, '--workers=2'],
    ['extract', logs, '--workers=1'],
    ['update', '--from', logs],
    ['status', '--json'],
    ['validate', 'cache', '--json'],
    ['update', 'summaries'],
    ['status', '--json'],
    ['stop', '--timeout', '20'],
  ];
  const ends = [];
  for (const command of commands) {
    ends.push(scene.start(cache, ...command).ended);
    await wait(below(120));
  }
  for (const { status, stderr, stdout, command } of await Promise.all(ends)) {
    const isEarly = status === 1 && stderr.includes('NO_CACHE');
    if (status !== 0 && status !== 4 && !isEarly) {
      fail(`${command.join(' ')} beside others ended with ${status}: ${stderr}${stdout}`);
    }
    if (status === 4 && !/process \d+ on \S+ \(.*since \d{4}-/.test(stderr)) {
      fail(`${command.join(' ')} does not say who holds the lock: ${stderr}`);
    }
    if (command[0] === 'status' && status === 0) {
      const { lines } = JSON.parse(stdout);
      if (lines.total !== lines.kept + lines.skipped + lines.rejected)
        fail('status does not add up');
    }
  }
  finish(`crowd ${round}`, cache, expected, account);
}

function finish(name, cache, expected, account) {
  const before = failed;
  requireDone(name, scene.run(cache, 'update', '--from', logs));
  if (!same(tree(join(cache, 'summaries')), expected)) fail(`${name}: the bytes are other ones`);
  const { lines, isRepairPending } = JSON.parse(scene.run(cache, 'status', '--json').stdout);
  if (JSON.stringify(sorted(lines)) !== JSON.stringify(sorted(account))) {
    fail(`${name}: the account is ${JSON.stringify(lines)}`);
  }
  const checked = scene.run(cache, 'validate', 'cache');
  if (checked.status !== 0) fail(`${name}: ${checked.stdout}`);
  if (isRepairPending) requireDone(`${name}, repair`, scene.run(cache, 'repair'));
  rmSync(cache, { recursive: true, force: true });
  if (failed === before) passed++;
}

function sorted({ total, kept, skipped, rejected }) {
  return [total, kept, skipped, rejected];
}

function requireDone(name, { status, stderr }) {
  if (status !== 0) fail(`${name} ended with ${status}: ${stderr}`);
}

function fail(why) {
  failed++;
  console.log(`FAIL ${why}`);
}

// Kills watchers of spools that are fed all the time (SIGKILL, the whole process group, at random instants), stops others, starts second
// ones; in the end each record counts once, and each file is in one place.
//   node test/crash/spool-storm.mjs [--kills N] [--seed N] [--excerpts]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { accountText } from '../faults/scenarios.mjs';
import { filesBelow, randomFrom, Scene, same, tree } from './scene.mjs';
import { SpoolFeeder } from './spool-feeder.mjs';
import { hashOf, isOwn } from './spool-scene.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    excerpts: { type: 'boolean', default: false },
  },
});
const random = randomFrom(Number(values.seed));
const below = (n) => Math.floor(random() * n);
const SETTLE = '0.15';
let failed = 0;
let killed = 0;
let delivered = 0;

const scene = new Scene();
const mounts = [];
try {
  const kills = Math.ceil(Number(values.kills) / 2);
  await Promise.all([storm('one', kills, false), storm('two', kills, true)]);
} finally {
  for (const path of mounts) execFileSync('umount', ['-l', path]);
  scene.remove();
}
console.log(
  `spool storm, seed ${values.seed}: ${killed} watchers killed in time, ${delivered} files delivered; ${failed} failed`,
);
process.exitCode = failed === 0 ? 0 : 1;

/** @param isMount whether the archive is on another file system, where that can be had */
async function storm(name, kills, isMount) {
  const folder = join(scene.scratch, name);
  const [spool, cache] = [join(folder, 'spool'), join(folder, 'cache')];
  mkdirSync(join(spool, 'archive'), { recursive: true });
  if (isMount) mountOn(join(spool, 'archive'));
  const feeder = new SpoolFeeder(spool, join(folder, 'truth'), below);
  let isOver = false;
  const feeding = (async () => {
    while (!isOver) {
      feeder.feed();
      await wait(5 + below(60));
    }
  })();
  for (let n = 0; n < kills; n++) await disturb(spool, cache);
  isOver = true;
  await feeding;
  delivered += feeder.count;
  finish(name, spool, cache, feeder);
}

function watching(spool) {
  const times = ['--interval', '0.1', '--settle', SETTLE, `--max-workers=${1 + below(2)}`];
  const more = values.excerpts ? ['--excerpts'] : [];
  return ['watch', spool, ...times, ...more, ...(below(4) === 0 ? ['--then', 'summaries'] : [])];
}

async function disturb(spool, cache) {
  const { child, ended } = scene.start(cache, ...watching(spool));
  // Most of them live long enough to move files.
  await wait(250 + below(900));
  const dice = random();
  if (dice < 0.1) {
    // On a machine that is busy enough the second one could come first.
    await untilHeld(spool, child);
    const second = await scene.start(cache, 'watch', spool, '--once').ended;
    if (second.status !== 4 || !second.stderr.includes('SPOOL_LOCKED')) {
      fail(`a second watcher ended with ${second.status}: ${second.stderr}`);
    }
  } else if (dice < 0.2) {
    const beside = await scene.start(cache, 'update', 'summaries').ended;
    if (beside.status !== 0 && beside.status !== 4 && !beside.stderr.includes('NO_CACHE')) {
      fail(`an update beside it ended with ${beside.status}: ${beside.stderr}`);
    }
  }
  if (dice > 0.85) {
    child.kill('SIGTERM');
    const { status, signal, stderr } = await ended;
    // Before it has begun a signal ends it as it ends anybody.
    const isEarly = signal === 'SIGTERM' && stderr === '';
    if (status !== 0 && !isEarly)
      fail(`a watcher that was stopped ended with ${status}: ${stderr}`);
    return;
  }
  process.kill(-child.pid, 'SIGKILL');
  const { signal, stderr } = await ended;
  if (signal === 'SIGKILL') killed++;
  if (/CACHE_DAMAGED|INTERNAL|error:|198\.51\.|at .*\.js:/.test(stderr))
    fail(`before a kill: ${stderr}`);
}

async function untilHeld(spool, child) {
  const folder = join(spool, '.s3logextraction/lock');
  while (child.exitCode === null && child.signalCode === null) {
    const locks = existsSync(folder) ? readdirSync(folder) : [];
    for (const name of locks.filter((each) => /^\d+\.json$/.test(each))) {
      try {
        const { pid: owner, state } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
        if (owner === child.pid && state === 'held') return;
      } catch {
        // Replaced just now.
      }
    }
    await wait(20);
  }
}

function finish(name, spool, cache, feeder) {
  // What was delivered last has to settle, and so have empty files, which takes ten times as long.
  for (let round = 0; round < 3; round++) {
    const { status, stderr } = scene.run(cache, 'watch', spool, '--once', '--settle', '0');
    if (status !== 0 && status !== 3)
      fail(`${name}: the last round ended with ${status}: ${stderr}`);
  }
  const files = filesBelow(spool).filter((path) => !isOwn(path, values.excerpts));
  const stray = files.filter(
    (path) => !/^(?:archive|failed)\//.test(path) || path.includes('/.moving/'),
  );
  if (stray.length > 0) fail(`${name}: ${stray.join(', ')} ought not to be there`);
  const logs = files.filter((path) => !path.endsWith('.reason.json'));
  for (const path of logs) {
    const isFailed = path.startsWith('failed/');
    if (isFailed !== files.includes(`${path}.reason.json`))
      fail(`${name}: ${path} has no reason, or one too many`);
  }
  const places = new Map();
  for (const path of logs) {
    const hash = hashOf(readFileSync(join(spool, path)));
    places.set(hash, [...(places.get(hash) ?? []), path]);
  }
  for (const [hash, path] of feeder.contents) {
    const found = places.get(hash) ?? [];
    if (found.length !== 1)
      fail(`${name}: ${path} is in ${found.length} places: ${found.join(', ')}`);
  }
  for (const [hash, found] of places)
    if (!feeder.contents.has(hash)) fail(`${name}: nobody delivered ${found.join(', ')}`);
  const truth = `${cache}-truth`;
  requireDone(`${name}, undisturbed`, scene.run(truth, 'update', '--from', feeder.truth));
  requireDone(`${name}, update`, scene.run(cache, 'update'));
  const [found, expected] = [cache, truth].map(
    (each) => scene.run(each, 'status', '--json').stdout,
  );
  if (accountText(found) !== accountText(expected)) {
    fail(`${name}: the account is ${accountText(found)}, not ${accountText(expected)}`);
  }
  if (!same(tree(join(cache, 'summaries')), tree(join(truth, 'summaries'))))
    fail(`${name}: the bytes are other ones`);
  const checked = scene.run(cache, 'validate', 'cache');
  if (checked.status !== 0) fail(`${name}: ${checked.stdout}`);
}

/** Only root may mount, and not in every container. */
function mountOn(path) {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', path], { stdio: 'ignore' });
    mounts.push(path);
  } catch {
    console.log('The archive is on the same file system: another one cannot be mounted here.');
  }
}

function requireDone(name, { status, stderr }) {
  if (status !== 0) fail(`${name} ended with ${status}: ${stderr}`);
}

function fail(why) {
  failed++;
  console.log(`FAIL ${why}`);
}

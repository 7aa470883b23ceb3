// Has each operation of a watcher on its spool and its cache fail in turn, or be where it is killed. Afterwards one undisturbed
// round must come to the account and the summaries of an undisturbed history, with every file in the one place where it belongs.
//   node test/crash/spool-faults.mjs [--injections N] [--seed N] [--excerpts] [--show]
//   node test/crash/spool-faults.mjs --at OPERATION --kind CODE [--lasts] [--injections N]    that one, again and again
import { cpSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faultEnvironment } from '../faults/environment.mjs';
import { accountText } from '../faults/scenarios.mjs';
import { randomFrom, Scene, same, tree } from './scene.mjs';
import { deliver, deliverAllKinds, logOf, spoolTree } from './spool-scene.mjs';

const { values } = parseArgs({
  options: {
    injections: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    excerpts: { type: 'boolean', default: false },
    show: { type: 'boolean', default: false },
    at: { type: 'string' },
    kind: { type: 'string' },
    lasts: { type: 'boolean', default: false },
  },
});
const random = randomFrom(Number(values.seed));
const KINDS = ['kill', 'kill', 'kill', 'ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'short'];
const AT_ONCE = 2;
const LONGEST_MS = 60_000;

const scene = new Scene();
let passed = 0;
let failed = 0;
let serial = 0;
try {
  const start = prepare();
  const whole = copyOf(start);
  requireDone('an undisturbed round', await round(whole, {}), [3]);
  const expected = await stateOf(whole);
  const operations = await countOperations(start);
  console.log(`${operations} operations`);
  const injections = Number(values.injections);
  const trials = Array.from({ length: injections }, (_, n) => ({
    at: Number(
      values.at ?? Math.min(operations, 1 + Math.floor(((n + random()) * operations) / injections)),
    ),
    kind: values.kind ?? KINDS[Math.floor(random() * KINDS.length)],
    lasts: values.at === undefined ? random() < 0.2 : values.lasts,
  })).values();
  const work = async () => {
    for (const trial of trials) await inject(start, expected, trial);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
} finally {
  scene.remove();
}
console.log(`spool faults, seed ${values.seed}: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** A folder with a spool and a cache that know each other, and files of every kind that have arrived since. */
function prepare() {
  const folder = join(scene.scratch, 'start');
  const spool = join(folder, 'spool');
  mkdirSync(spool, { recursive: true });
  deliver(spool, 'known.log', logOf(5));
  deliver(spool, 'taken.log', logOf(6));
  deliver(spool, 'bad', 'no log either\n');
  requireDone('the first round', runRound(folder), [3]);
  // Committed and not moved.
  renameSync(join(spool, 'archive/known.log'), join(spool, 'known.log'));
  // The very same again, and other content under known names.
  cpSync(join(spool, 'failed/bad'), join(spool, 'bad'));
  deliver(spool, 'taken.log', logOf(7));
  deliverAllKinds(spool);
  return folder;
}

function command(folder) {
  const spool = join(folder, 'spool');
  const more = values.excerpts ? ['--excerpts'] : [];
  const usual = ['--once', '--settle', '0', '--then', 'summaries', '--max-workers=2'];
  return ['watch', spool, ...usual, ...more];
}

function runRound(folder) {
  return scene.run(join(folder, 'cache'), ...command(folder));
}

function round(folder, env) {
  return scene.startWith(env, join(folder, 'cache'), ...command(folder)).ended;
}

async function stateOf(folder) {
  const cache = join(folder, 'cache');
  const { stdout } = await scene.start(cache, 'status', '--json').ended;
  return {
    spool: spoolTree(join(folder, 'spool'), values.excerpts),
    summaries: tree(join(cache, 'summaries')),
    account: accountText(stdout),
  };
}

async function countOperations(start) {
  const folder = copyOf(start);
  const { counter, env } = failing(folder, { at: 0, kind: 'EIO', lasts: false });
  requireDone('counting', await round(folder, env), [3]);
  return statSync(counter).size;
}

async function inject(start, expected, { at, kind, lasts }) {
  const folder = copyOf(start);
  const isLasting = lasts && kind !== 'kill';
  const { env } = failing(folder, { at, kind, lasts: isLasting });
  let isWell = true;
  const fail = (why) => {
    if (isWell) failed++;
    isWell = false;
    console.log(`FAIL operation ${at}, ${kind}${isLasting ? ' from there on' : ''}: ${why}`);
  };
  const { child, ended } = scene.startWith(env, join(folder, 'cache'), ...command(folder));
  const limit = setTimeout(() => {
    fail('it does not end');
    process.kill(-child.pid, 'SIGKILL');
  }, LONGEST_MS);
  const { status, signal, stderr } = await ended;
  clearTimeout(limit);
  if (values.show) console.log(at, kind, isLasting, status, stderr);
  if (isWell && signal !== null && kind !== 'kill') fail(`it died of ${signal}: ${stderr}`);
  if (/198\.51\.|INTERNAL|\n\s+at |Error: /.test(stderr)) fail(`no message for people: ${stderr}`);
  if (status === 1 && !/\[[A-Z_]+\]\s*$/m.test(stderr)) fail(`no code: ${stderr}`);
  // Also what had been moved before it could be published.
  const next = await round(folder, {});
  if (next.status !== 0 && next.status !== 3)
    fail(`then it ended with ${next.status}: ${next.stderr}`);
  if (isWell) {
    const { spool, summaries, account } = await stateOf(folder);
    if (account !== expected.account) fail(`the account is ${account}, not ${expected.account}`);
    if (!same(summaries, expected.summaries)) fail('the summaries are other ones');
    if (!same(spool, expected.spool))
      fail(`the spool is another one: ${differences(spool, expected.spool)}`);
  }
  if (isWell) passed++;
  rmSync(folder, { recursive: true, force: true });
}

function differences(found, expected) {
  const paths = new Set([...found.keys(), ...expected.keys()]);
  return [...paths]
    .filter((path) => found.get(path) !== expected.get(path))
    .map(
      (path) => `${path}: ${found.get(path) ?? 'not there'}, not ${expected.get(path) ?? 'there'}`,
    )
    .join('; ');
}

function failing(folder, fault) {
  const counter = `${folder}.count`;
  writeFileSync(counter, '');
  return { counter, env: faultEnvironment(folder, counter, fault) };
}

/** The commits of a copy tell of another folder, as they would of one that was moved. */
function copyOf(start) {
  const folder = join(scene.scratch, `trial-${serial++}`);
  cpSync(start, folder, { recursive: true, preserveTimestamps: true });
  return folder;
}

function requireDone(what, { status, stderr }, others = []) {
  if (status !== 0 && !others.includes(status))
    throw new Error(`${what} ended with ${status}: ${stderr}`);
}

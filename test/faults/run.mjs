// Injects faults below the cache: each operation on its files, of each command that writes, fails in turn, is cut short, or is
// where the program is killed. Afterwards one undisturbed run must come to the bytes that an undisturbed history has.
//   node test/faults/run.mjs [--injections N] [--seed N] [--scenario NAME]
import { cpSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom, Scene, same, tree } from '../crash/scene.mjs';
import { faultEnvironment } from './environment.mjs';
import { accountOf, keyEnvironment, NEW_PASSWORD, prepareScenarios } from './scenarios.mjs';

const { values } = parseArgs({
  options: {
    injections: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string' },
    show: { type: 'boolean', default: false },
  },
});
const random = randomFrom(Number(values.seed));
const KINDS = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE', 'EROFS', 'kill', 'short'];
const AT_ONCE = 2;

const scene = new Scene();
const { scratch } = scene;
const results = { passed: 0, failed: 0, harmless: 0 };
let serial = 0;

try {
  const chosen = prepareScenarios(scene).filter(
    ({ name }) => values.scenario === undefined || values.scenario === name,
  );
  const trials = [];
  for (const scenario of chosen) {
    const operations = countOperations(scenario);
    console.log(`${scenario.name}: ${operations} operations`);
    const share = Math.ceil(Number(values.injections) / chosen.length);
    for (let n = 0; n < share; n++) {
      // All of them in turn where there are few, else spread evenly, each with another kind.
      const at =
        operations <= share
          ? 1 + (n % operations)
          : 1 + Math.floor(((n + random()) * operations) / share);
      const kind = KINDS[Math.floor(random() * KINDS.length)];
      trials.push({
        scenario,
        at: Math.min(at, operations),
        kind,
        lasts: kind !== 'kill' && random() < 0.3,
      });
    }
  }
  const work = trials.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const trial of work) await inject(trial);
    }),
  );
} finally {
  scene.remove();
}
console.log(
  `faults, seed ${values.seed}: ${results.passed} passed (${results.harmless} of them without effect), ${results.failed} failed`,
);
process.exitCode = results.failed === 0 ? 0 : 1;

function countOperations({ state, command }) {
  const cache = copyOf(state);
  const counter = `${cache}.count`;
  const { status, stderr } = scene.runWith(
    failing(cache, counter, { at: 0, kind: 'EIO', lasts: false }),
    cache,
    ...command,
  );
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  const operations = statSync(counter).size;
  for (const own of [cache, `${cache}-outbox`]) rmSync(own, { recursive: true, force: true });
  return operations;
}

async function inject({ scenario, at, kind, lasts }) {
  const { name, state, command, finish, expected, account } = scenario;
  const cache = copyOf(state);
  const counter = `${cache}.count`;
  const what = `${name}, operation ${at}, ${kind}${lasts ? ' from there on' : ''}`;
  const before = results.failed;
  const fail = (why) => {
    results.failed++;
    console.log(`FAIL ${what}: ${why}`);
  };
  const env = failing(cache, counter, { at, kind, lasts });
  const { status, signal, stderr, stdout } = await scene.startWith(env, cache, ...command).ended;
  if (kind === 'kill') {
    if (signal !== 'SIGKILL' && status !== 0) fail(`it ended with ${status}: ${stderr}`);
  } else if (status === 0) {
    results.harmless++;
  } else {
    if (values.show) console.log(`${what}: ${stderr}`);
    if (signal !== null) fail(`it died of ${signal}: ${stderr}`);
    if (/198\.51\.|INTERNAL|\n\s+at |Error: /.test(stderr))
      fail(`no message for people: ${stderr}`);
    if (
      !/\[[A-Z_]+\]\s*$/m.test(stderr) &&
      !(name === 'validate' && status === 6) &&
      status !== 3
    ) {
      fail(`status ${status} without a code: ${stderr}${stdout}`);
    }
  }
  // The next runs, undisturbed.
  const own = name === 'rotate' ? await keyOf(cache, fail) : {};
  for (const next of finish) {
    const ended = await scene.startWith(own, cache, ...next).ended;
    if (ended.status === 0) continue;
    fail(`then "${next.join(' ')}" ended with ${ended.status}: ${ended.stderr}`);
    break;
  }
  if (results.failed === before) {
    if (!same(tree(join(cache, 'summaries')), expected)) fail('the next run came to other bytes');
    else if (accountOf(scene, cache) !== account) fail('the next run came to another account');
  }
  if (results.failed === before) results.passed++;
  for (const own of [cache, `${cache}-outbox`]) rmSync(own, { recursive: true, force: true });
  rmSync(counter, { force: true });
}

/** After a change of the key that went wrong: under which key the cache is, once a writer has finished or forgotten it. */
async function keyOf(cache, fail) {
  const { status, stderr } = await scene.start(cache, 'update', 'totals').ended;
  if (status !== 0) fail(`a run without a key ended with ${status}: ${stderr}`);
  return keyEnvironment(cache);
}

/** @returns the environment in which the operation fails */
function failing(cache, counter, fault) {
  writeFileSync(counter, '');
  return {
    ...faultEnvironment(cache, counter, fault),
    S3_LOG_EXTRACTION_NEW_PASSWORD: NEW_PASSWORD,
  };
}

function copyOf(state) {
  const cache = join(scratch, `cache-${serial++}`);
  if (state !== undefined) cpSync(state, cache, { recursive: true, preserveTimestamps: true });
  return cache;
}

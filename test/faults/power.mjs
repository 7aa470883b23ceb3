// Lets the power fail: of each command that writes, all it does to files is written down (journal.mjs); then, for each moment of it,
// what may be left on a disk that has lost what was not synced is made (disk.mjs, crash-states.mjs), and one undisturbed run
// must come from there to the bytes that an undisturbed history has. Moments that leave the same are looked at once.
//   node test/faults/power.mjs [--states N] [--seed N] [--scenario NAME] [--keep FOLDER]
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { argumentsFor, randomFrom, Scene, same, tree } from '../crash/scene.mjs';
import { crashStates, faultOf, wholeContents } from './crash-states.mjs';
import { Disk } from './disk.mjs';
import { Finisher } from './finisher.mjs';
import {
  accountText,
  damagedSegments,
  keyEnvironment,
  NEW_PASSWORD,
  prepareScenarios,
} from './scenarios.mjs';

const { values } = parseArgs({
  options: {
    states: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string' },
    keep: { type: 'string' },
  },
});
const AT_ONCE = 2;
const journalPreload = new URL('./journal.mjs', import.meta.url).href;
const random = randomFrom(Number(values.seed));
const results = { moments: 0, states: 0, finished: 0, failed: 0 };
let serial = 0;

const scene = new Scene(memoryFolder());
const { scratch } = scene;
const blobs = join(scratch, 'blobs');
mkdirSync(blobs);
const finishers = [];
try {
  const chosen = prepareScenarios(scene, journalOf(scratch, join(scratch, 'journal'))).filter(
    ({ name }) => values.scenario === undefined || values.scenario === name,
  );
  const share = Math.ceil(Number(values.states) / chosen.length);
  const trials = chosen.flatMap((scenario) => some(statesOf(scenario), share));
  for (let n = 0; n < AT_ONCE; n++) finishers.push(new Finisher(scene.env));
  const work = trials.values();
  await Promise.all(
    finishers.map(async (finisher) => {
      for (const trial of work) await finish(trial, finisher);
    }),
  );
} finally {
  for (const finisher of finishers) finisher.end();
  scene.remove();
}
console.log(
  `power failures, seed ${values.seed}: ${results.states} states in ${results.moments} moments, ${results.finished} finished; ${results.failed} failed`,
);
process.exitCode = results.failed === 0 && results.finished > 0 ? 0 : 1;

/** Nothing here needs a disk that keeps anything. */
function memoryFolder() {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

function journalOf(folder, file) {
  return {
    NODE_OPTIONS: `--import=${journalPreload}`,
    JOURNAL_FOLDER: folder,
    JOURNAL_FILE: file,
    JOURNAL_BLOBS: blobs,
  };
}

/** Run a command, and make all states that a failure of the power may leave. */
function statesOf(scenario) {
  const { name, state, command } = scenario;
  const folder = join(scratch, `watched-${name}`);
  mkdirSync(folder);
  if (state !== undefined) {
    cpSync(state, join(folder, 'cache'), { recursive: true, preserveTimestamps: true });
    cpSync(join(scratch, 'config'), join(folder, 'config'), { recursive: true });
  }
  const disk = new Disk(folder, blobs);
  const copy = new Disk(folder, blobs);
  const journal = writeJournal(folder, command);
  const known = wholeContents(copy, journal);
  const states = [];
  for (const { left, moment } of crashStates(disk, journal, random)) {
    const { name: operation, path = folder } = journal[moment];
    const what = `${name}, after operation ${moment + 1} of ${journal.length}, ${operation} ${relative(folder, path)}`;
    const fault = faultOf(
      left,
      known,
      blobs,
      state === undefined ? new Set() : damagedSegments(state),
    );
    if (fault !== undefined) fail(what, fault, left, disk);
    states.push({ scenario, disk, left, what });
  }
  console.log(`${name}: ${journal.length} operations, ${states.length} states`);
  results.moments += journal.length;
  results.states += states.length;
  return states;
}

function writeJournal(folder, command) {
  const file = `${folder}.journal`;
  writeFileSync(file, '');
  const env = {
    ...journalOf(folder, file),
    S3_LOG_EXTRACTION_CONFIG_DIR: join(folder, 'config'),
    S3_LOG_EXTRACTION_NEW_PASSWORD: NEW_PASSWORD,
  };
  const { status, stderr } = scene.runWith(env, join(folder, 'cache'), ...command);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** One undisturbed run from what was left. */
async function finish({ scenario, disk, left, what }, finisher) {
  const { name, finish, expected, account } = scenario;
  const folder = join(scratch, `left-${serial++}`);
  const cache = join(folder, 'cache');
  disk.write(left, folder);
  const env = { S3_LOG_EXTRACTION_CONFIG_DIR: join(folder, 'config') };
  const run = async (...command) => {
    const { status, stderr, stdout } = await finisher.run(env, ...argumentsFor(cache, command));
    if (/198\.51\.|INTERNAL|\n\s+at /.test(stderr))
      throw new Error(`no message for people: ${stderr}`);
    return { status, stderr, stdout };
  };
  const done = async (...command) => {
    const { status, stderr, stdout } = await run(...command);
    if (status !== 0) throw new Error(`"${command.join(' ')}" ended with ${status}: ${stderr}`);
    return stdout;
  };
  try {
    // Whoever only looks sees something whole, or nothing.
    const { status, stderr } = await run('status');
    if (status !== 0 && !stderr.includes('[NO_CACHE]')) throw new Error(`status: ${stderr}`);
    if (name === 'rotate') {
      await done('update', 'totals');
      Object.assign(env, keyEnvironment(cache));
    }
    for (const command of finish) await done(...command);
    if (!same(tree(join(cache, 'summaries')), expected)) throw new Error('it came to other bytes');
    if (accountText(await done('status', '--json')) !== account)
      throw new Error('it came to another account');
    const checked = await run('validate', 'cache');
    if (checked.status !== 0) throw new Error(`validate cache: ${checked.stdout}`);
    results.finished++;
  } catch (error) {
    fail(what, error.message, left, disk);
  }
  rmSync(folder, { recursive: true, force: true });
}

function fail(what, why, left, disk) {
  results.failed++;
  console.log(`FAIL ${what}: ${why}`);
  if (values.keep !== undefined) disk.write(left, join(values.keep, String(results.failed)));
}

/** So many of them, evenly. */
function some(states, count) {
  if (states.length <= count) return states;
  const step = states.length / count;
  return Array.from({ length: count }, (_, n) => states[Math.floor((n + random()) * step)]);
}

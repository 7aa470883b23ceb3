// Damages a cache in every way that one file can be damaged, and requires each time that it is noticed, that nothing
// wrong is published, and that `repair` leads back to the undisturbed bytes.
//   node test/crash/damage.mjs [--trials N] [--seed N] [--kind KIND]
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { filesBelow, randomFrom, Scene, same, tree } from './scene.mjs';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
  },
});
const random = randomFrom(Number(values.seed));
const scene = new Scene();
const { scratch, logs } = scene;
const template = join(scratch, 'template');
const run = (cache, ...command) => scene.run(cache, ...command);
/** The last five are something else in place of the file. */
const KINDS = [
  ...['flip', 'truncate', 'delete', 'swap', 'grow'],
  ...['folder', 'full folder', 'pipe', 'socket', 'huge'],
].filter((kind) => values.kind === undefined || values.kind === kind);
let failed = 0;
let passed = 0;

try {
  for (let night = 0; night < 3; night++) {
    scene.writeNight(night);
    run(template, 'update', '--from', logs);
  }
  const expected = tree(join(template, 'summaries'));
  const targets = filesBelow(template).filter(isDamageable);
  for (let n = 0; n < Number(values.trials); n++) {
    // Every file in turn, in a way of its own.
    const target = targets[n % targets.length];
    const kind = KINDS[Math.floor(random() * KINDS.length)];
    trial(target, kind, expected);
  }
} finally {
  scene.remove();
}
console.log(`damage, seed ${values.seed}: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** All but what belongs to no state: locks and requests to stop. */
function isDamageable(file) {
  return /^(cache\.json|(commits|segments|rollups|ledger|summaries|ips\/(indexes|regions))\/)/.test(
    file,
  );
}

function trial(target, kind, expected) {
  const cache = join(scratch, 'cache');
  cpSync(template, cache, { recursive: true, preserveTimestamps: true });
  const what = damage(cache, target, kind);
  const name = `${what} of ${target}`;
  const fail = (why) => {
    failed++;
    console.log(`FAIL ${name}: ${why}`);
  };
  try {
    if (what === undefined) return;
    // Nothing lists these: what they held counts as not looked up, not rolled up, or not known yet.
    const isNoFinding =
      /^(rollups\/published\.json|ledger)/.test(target) ||
      (/^(ips\/|rollups\/(manifest|published-checks)|cache\.json\.copy)/.test(target) &&
        kind === 'delete');
    const validated = run(cache, 'validate', 'cache');
    if (validated.status === 0 && !isNoFinding) return fail('validate cache found nothing');
    if (validated.stdout.includes('198.51.')) return fail('an address was shown');
    // Whatever reads it must notice, or not need it: also where rollups are to be made anew.
    const before = tree(join(cache, 'summaries'));
    const update = run(cache, 'update');
    if (update.status !== 0 && update.status !== 1)
      return fail(`update ended with ${update.status}`);
    if (update.status === 1 && !/CACHE_DAMAGED|ROLLUPS_DAMAGED/.test(update.stderr)) {
      return fail(`update failed otherwise: ${update.stderr}`);
    }
    // What somebody has put there, nobody but a person takes away.
    const next = kind === 'full folder' ? /move it away/ : /s3logextraction repair/;
    if (update.status === 1 && !next.test(update.stderr)) {
      return fail(`update does not say what to do: ${update.stderr}`);
    }
    const after = tree(join(cache, 'summaries'));
    const isMissingCommit = target.startsWith('commits/') && kind === 'delete';
    if (!isMissingCommit && !same(after, expected) && !same(after, before)) {
      return fail('wrong numbers were published');
    }
    const thesis = join(cache, target, 'thesis');
    let repaired = run(cache, 'repair', '--drop-missing');
    if (kind === 'full folder') {
      // Repair does what it can around it; a person must move it away.
      if (!existsSync(thesis)) return fail('a file of somebody is gone');
      if (repaired.status === 1 && !repaired.stderr.includes(join(cache, target))) {
        return fail(`repair does not name it: ${repaired.stderr}`);
      }
      renameSync(join(cache, target), join(scratch, 'aside'));
      rmSync(join(scratch, 'aside'), { recursive: true });
      if (repaired.status === 1) repaired = run(cache, 'repair', '--drop-missing');
    }
    if (repaired.status !== 0)
      return fail(`repair ended with ${repaired.status}: ${repaired.stderr}`);
    const end = run(cache, 'update', '--from', logs);
    if (end.status !== 0) return fail(`update ended with ${end.status}: ${end.stderr}`);
    if (!same(tree(join(cache, 'summaries')), expected)) return fail('the bytes are other ones');
    const last = run(cache, 'validate', 'cache');
    if (last.status !== 0) return fail(`it is not whole again: ${last.stdout}`);
    passed++;
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** @returns what was done, or undefined when it changed nothing */
function damage(cache, target, kind) {
  const path = join(cache, target);
  const bytes = readFileSync(path);
  if (kind === 'delete') {
    unlinkSync(path);
    return 'removal';
  }
  if (kind === 'huge') {
    truncateSync(path, 3 * 2 ** 30);
    return 'growth to 3 GiB';
  }
  if (['folder', 'full folder', 'pipe', 'socket'].includes(kind)) {
    unlinkSync(path);
    if (kind === 'pipe') execFileSync('mkfifo', [path]);
    else if (kind === 'socket') makeSocket(path);
    else mkdirSync(path);
    if (kind === 'full folder') writeFileSync(join(path, 'thesis'), 'years of work');
    return `a ${kind} in place`;
  }
  if (kind === 'grow') {
    writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]));
    return 'growth';
  }
  if (bytes.length === 0) return undefined;
  if (kind === 'truncate') {
    truncateSync(path, Math.floor(random() * bytes.length));
    return 'a cut';
  }
  if (kind === 'swap') {
    const suffix = target.slice(target.indexOf('.'));
    const others = filesBelow(cache).filter(
      (other) =>
        other !== target &&
        other.split('/')[0] === target.split('/')[0] &&
        other.endsWith(suffix.slice(-6)) &&
        !readFileSync(join(cache, other)).equals(bytes),
    );
    const other = others[Math.floor(random() * others.length)];
    if (other === undefined) return undefined;
    renameSync(path, `${path}.swap`);
    renameSync(join(cache, other), path);
    renameSync(`${path}.swap`, join(cache, other));
    return `a swap with ${other}`;
  }
  const at = Math.floor(random() * bytes.length);
  const bit = Math.floor(random() * 8);
  bytes[at] ^= 1 << bit;
  writeFileSync(path, bytes);
  return `bit ${bit} of byte ${at}`;
}

/** Another process makes it, because making one waits for the loop of events. A killed one leaves it. */
function makeSocket(path) {
  // The path of a socket is short: it is made under a relative name.
  const code =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  spawnSync(process.execPath, ['-e', code, basename(path)], { cwd: dirname(path) });
}

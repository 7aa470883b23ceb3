// Runs the templates of examples/slurm on a real Slurm of three nodes (test/servers/slurm.sh): by several numbers of shards, and with
// tasks that are killed and requeued while they work. Whatever happens, the bytes are those of one process.
//   node test/cluster/slurm.mjs [--seed N]
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../../bin/setup.mjs';
import { randomFrom, Scene, same, tree } from '../crash/scene.mjs';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const random = randomFrom(Number(values.seed));
const below = (n) => Math.floor(random() * n);
const scene = new Scene();
const { scratch, logs } = scene;
// Apart from ours, which nobody else may enter: munge has a user of its own.
const slurm = mkdtempSync(join(tmpdir(), 's3logextraction-slurm-'));
const server = join(root, 'test/servers/slurm.sh');
const LONGEST_MS = 600_000;
let passed = 0;
let failed = 0;

try {
  scene.writeNight(0, { files: 40, gzip: true });
  scene.writeNight(1, { files: 40, repeat: 400, gzip: true });
  const whole = join(scratch, 'whole');
  requireDone('one process', scene.run(whole, 'update', '--from', logs));
  const expected = tree(join(whole, 'summaries'));
  // As an administrator would install it: the templates call it by its name.
  mkdirSync(join(scratch, 'bin'));
  symlinkSync(join(root, 'dist/bin/s3logextraction.js'), join(scratch, 'bin/s3logextraction'));
  execFileSync(server, ['start', slurm], { stdio: 'inherit' });
  // At once, each with a cache of its own: most of the time they wait for Slurm.
  await Promise.all([
    ...[2, 3, 7].map((shards) => check(`${shards} shards`, shards, expected, 0)),
    check('4 shards, some killed and requeued', 4, expected, 6),
  ]);
} finally {
  execFileSync(server, ['stop', slurm]);
  rmSync(slurm, { recursive: true, force: true });
  scene.remove();
}
console.log(`slurm, seed ${values.seed}: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** @param attempt another one is made when all tasks were done before any could be disturbed */
async function check(name, shards, expected, disturbances, attempt = 1) {
  const folder = join(scratch, `${name.replaceAll(/\W+/g, '-')}-${attempt}`);
  cpSync(join(root, 'examples/slurm'), folder, { recursive: true });
  const cache = join(folder, 'cache');
  const [extract, update] = ask(join(folder, 'submit.sh'), [], {
    LOGS: logs,
    CACHE: cache,
    SHARDS: String(shards),
  })
    .trim()
    .split(' ');
  let disturbed = 0;
  const failures = [];
  const fail = (why) => failures.push(why);
  const deadline = Date.now() + LONGEST_MS;
  for (;;) {
    const jobs = ask('squeue', ['-h', '-r', '-o', '%i %t']).split('\n').filter(Boolean);
    const left = jobs.filter((job) => [extract, update].includes(/^\d+/.exec(job)?.[0]));
    if (left.length === 0) break;
    if (Date.now() > deadline) {
      fail(`${name}: it does not come to its end: ${left.join(', ')}`);
      ask('scancel', [extract, update]);
      break;
    }
    const running = left.filter((line) => line.startsWith(`${extract}_`) && line.endsWith(' R'));
    if (disturbed < disturbances && running.length > 0) {
      const task = running[below(running.length)].split(' ')[0];
      // The first at once: tasks of small logs are soon done.
      if (disturbed > 0) await wait(below(400));
      try {
        // The whole task is killed, and waits for a node again.
        ask('scontrol', ['requeue', task]);
        disturbed++;
      } catch {
        // Done meanwhile.
      }
    }
    await wait(50);
  }
  if (disturbances > 0 && disturbed === 0) {
    if (attempt < 5) return check(name, shards, expected, disturbances, attempt + 1);
    fail(`${name}: no task was disturbed`);
  }
  if (!existsSync(join(cache, 'summaries'))) fail(`${name}: nothing was published`);
  else if (!same(tree(join(cache, 'summaries')), expected))
    fail(`${name}: the bytes are other ones`);
  const checked = scene.run(cache, 'validate', 'cache');
  if (checked.status !== 0) fail(`${name}: ${checked.stdout}${checked.stderr}`);
  const isWell = failures.length === 0;
  if (isWell) passed++;
  else {
    failed++;
    for (const file of readdirSync(folder).filter((one) => one.endsWith('.out'))) {
      console.log(`${file}:\n${readFileSync(join(folder, file), 'utf8')}`);
    }
  }
  console.log(
    `${name}: ${isWell ? 'ok' : failures.join('\n')}${disturbances > 0 ? `, ${disturbed} times requeued` : ''}`,
  );
}

function ask(program, args, env = {}) {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: {
      ...scene.env,
      ...env,
      PATH: `${join(scratch, 'bin')}:${process.env.PATH}`,
      SLURM_CONF: join(slurm, 'slurm.conf'),
    },
  });
}

function requireDone(name, { status, stderr }) {
  if (status !== 0) fail(`${name} ended with ${status}: ${stderr}`);
}

function fail(why) {
  failed++;
  console.log(`FAIL ${why}`);
}

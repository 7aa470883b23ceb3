// Damages a cache in every way that one file can be damaged, and requires each time that it is noticed, that nothing
// wrong is published, and that `repair` leads back to the undisturbed bytes.
//   node test/crash/damage.mjs [--trials N] [--seed N]
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../bin/setup.mjs';

const { values } = parseArgs({
  options: { trials: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const random = mulberry(Number(values.seed));
const scratch = mkdtempSync(join(tmpdir(), 's3logextraction-damage-'));
const program = join(root, 'dist/bin/s3logextraction.js');
const env = {
  PATH: process.env.PATH,
  HOME: scratch,
  S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config'),
  SERVICE_RANGES_DIRECTORY: join(scratch, 'ranges'),
};
const logs = join(scratch, 'logs');
const template = join(scratch, 'template');
let failed = 0;
let passed = 0;

try {
  prepare();
  const expected = tree(join(template, 'summaries'));
  const targets = filesBelow(template).filter(isDamageable);
  for (let n = 0; n < Number(values.trials); n++) {
    // Every file in turn, in a way of its own.
    const target = targets[n % targets.length];
    const kind = ['flip', 'truncate', 'delete', 'swap', 'grow'][Math.floor(random() * 5)];
    trial(target, kind, expected);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`damage, seed ${values.seed}: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Three nights of logs, extracted, located, indexed and published. */
function prepare() {
  mkdirSync(env.SERVICE_RANGES_DIRECTORY);
  const ranges = {
    'github.json': '{"web":["198.51.0.0/25"]}',
    'aws.json':
      '{"prefixes":[{"ip_prefix":"198.51.1.0/24","region":"us-east-2"}],"ipv6_prefixes":[]}',
    'gcp.json': '{"prefixes":[{"ipv4Prefix":"198.51.2.0/24","scope":"us-central1"}]}',
    'azure.json': '{"values":[]}',
    'vpn.txt': '203.0.113.0/24\n',
  };
  for (const [name, text] of Object.entries(ranges)) {
    writeFileSync(join(env.SERVICE_RANGES_DIRECTORY, name), text);
  }
  for (let night = 0; night < 3; night++) {
    mkdirSync(join(logs, `night${night}`), { recursive: true });
    for (let file = 0; file < 3; file++) {
      const lines = Array.from({ length: 60 }, (_, n) => line(night * 1000 + file * 100 + n));
      writeFileSync(join(logs, `night${night}`, `${file}.log`), lines.join(''));
    }
    run(template, 'update', '--from', logs);
  }
}

function line(n) {
  const day = String(1 + (n % 28)).padStart(2, '0');
  const key = `ds${n % 5}/sub-${n % 7}/f${n % 31}`;
  return `${'f'.repeat(64)} bucket [${day}/Mar/2025:10:00:00 +0000] 198.51.${n % 4}.${n % 250} - ABCDEF0123456789 REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" 200 - ${n * 1000 + 7} 12345 17 9 "-" "aria2/1.36.0" - ${'h'.repeat(75)}= SigV4 ECDHE-RSA-AES128-GCM-SHA256 - bucket.s3.amazonaws.com TLSv1.2 - -\n`;
}

/** All but what belongs to no state: locks, requests to stop, and cache.json, which cannot be made anew. */
function isDamageable(file) {
  return /^(commits|segments|rollups|ledger|summaries|ips\/(indexes|regions))\//.test(file);
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
    const isDerived =
      /^(rollups\/published|summaries|ledger)/.test(target) ||
      // Nothing lists them: what they held counts as not looked up yet.
      (target.startsWith('ips/') && kind === 'delete');
    const validated = run(cache, 'validate', 'cache');
    if (validated.status === 0 && !isDerived) return fail('validate cache found nothing');
    if (validated.stdout.includes('198.51.')) return fail('an address was shown');
    // Whatever reads it must notice, or not need it: also where rollups are to be made anew.
    const before = tree(join(cache, 'summaries'));
    const update = run(cache, 'update');
    if (update.status !== 0 && update.status !== 1)
      return fail(`update ended with ${update.status}`);
    if (update.status === 1 && !/CACHE_DAMAGED|ROLLUPS_DAMAGED/.test(update.stderr)) {
      return fail(`update failed otherwise: ${update.stderr}`);
    }
    if (update.status === 1 && !update.stderr.includes('s3logextraction repair')) {
      return fail('update does not say what to do');
    }
    const after = tree(join(cache, 'summaries'));
    const isMissingCommit = target.startsWith('commits/') && kind === 'delete';
    if (!isMissingCommit && !same(after, expected) && !same(after, before)) {
      return fail('wrong numbers were published');
    }
    const repaired = run(cache, 'repair', '--drop-missing');
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

function run(cache, ...command) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, ...command, '--cache', cache],
    { env, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

function tree(folder) {
  return new Map(
    filesBelow(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

function same(one, other) {
  return one.size === other.size && [...one].every(([name, text]) => other.get(name) === text);
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(folder, path))
    .sort();
}

function mulberry(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

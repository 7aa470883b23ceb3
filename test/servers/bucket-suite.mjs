// Extraction from a real S3 server, radosgw, by the built program: signatures, paging, special keys, versions, large objects; then
// kills at random instants of `extract --delete-after`: at the end each record is there once, and no object was deleted
// whose records are not.
//   node test/servers/bucket-suite.mjs [--kills N] [--seed N] [--endpoint URL of one that runs already]
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { root } from '../../bin/setup.mjs';
import { line, randomFrom } from '../crash/scene.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    endpoint: { type: 'string' },
  },
});
const PORT = 27480;
const random = randomFrom(Number(values.seed));
const scratch = mkdtempSync(join(tmpdir(), 's3logextraction-bucket-'));
const server = join(root, 'test/servers/radosgw.sh');
const state = join(scratch, 'radosgw');
const endpoint = values.endpoint ?? `http://127.0.0.1:${PORT}`;
const credentials = { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' };
const env = {
  PATH: process.env.PATH,
  HOME: scratch,
  S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config'),
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};
const program = join(root, 'dist/bin/s3logextraction.js');
let failed = 0;
let passed = 0;

function check(what, isTrue, detail = '') {
  if (isTrue) passed++;
  else {
    failed++;
    console.log(`FAIL ${what} ${detail}`);
  }
}

function argsOf(cache, source, more) {
  return [program, 'extract', source, '--cache', join(scratch, cache), '--json', ...more];
}

function fromBucket(cache, bucket, ...more) {
  return argsOf(cache, `s3://${bucket}/logs`, ['--endpoint', endpoint, '--hold-days=0', ...more]);
}

function run(args, more = {}) {
  const options = { env: { ...env, ...more }, encoding: 'utf8', maxBuffer: 1 << 26 };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, stderr, json: JSON.parse(stdout.trimEnd().split('\n').at(-1) || '{}') };
}

// Its client would print a warning about versions of Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});

async function fill(bucket, files) {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await put(bucket, files);
}

async function put(bucket, files) {
  const limit = pLimit(16);
  await Promise.all(
    [...files].map(([name, body]) =>
      limit(() =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key: `logs/${name}`, Body: body })),
      ),
    ),
  );
}

async function keysOf(bucket) {
  const keys = [];
  for (let token; ; ) {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }),
    );
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key.slice('logs/'.length)));
    if (!page.IsTruncated) return keys;
    token = page.NextContinuationToken;
  }
}

function text(from, count) {
  return Array.from({ length: count }, (_, n) => line(from + n)).join('');
}

/** Names that S3 gives, and others; small, large, compressed. */
function makeFiles(count) {
  const files = new Map();
  for (let n = 0; n < count; n++) {
    const content = text(n * 10, 1 + (n % 9));
    const hex = n.toString(16).toUpperCase().padStart(16, '0');
    const name = n % 3 === 0 ? `d é%+/${n}.log` : `2025-03-01-10-00-00-${hex}`;
    files.set(n % 5 === 0 ? `${name}.gz` : name, n % 5 === 0 ? gzipSync(content) : content);
  }
  return files;
}

try {
  if (values.endpoint === undefined) {
    const started = spawnSync('bash', [server, 'start', state, String(PORT)], { stdio: 'inherit' });
    if (started.status !== 0) throw new Error('radosgw could not be started');
  }
  await plain();
  await versions();
  await storm(Number(values.kills));
} finally {
  if (values.endpoint === undefined) spawnSync('bash', [server, 'stop', state]);
  await wait(500);
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`bucket suite, seed ${values.seed}: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** What a bucket comes to is what a folder of the same files comes to. */
async function plain() {
  const files = makeFiles(1300);
  files.set('large.log', text(0, 200_000));
  files.set('large.log.2.gz', gzipSync(text(7, 150_000)));
  const bucket = `plain-${Date.now()}`;
  await fill(bucket, files);
  const folder = join(scratch, 'plain');
  for (const [name, body] of files) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), body);
  }
  const local = run(argsOf('local', folder, []));
  const remote = run(fromBucket('remote', bucket));
  const told = ({ files: { extracted, failed: lost }, bytes, lines }) =>
    JSON.stringify([extracted, lost, bytes, lines]);
  check('local', local.status === 0 && local.json.files.extracted === files.size, local.stderr);
  check('remote is as local', told(local.json) === told(remote.json), remote.stderr);
  const again = run(fromBucket('remote', bucket));
  check('known by the next run', again.json.files?.known === files.size, again.stderr);
  const elsewhere = run(fromBucket('local', bucket));
  check('a folder, then the bucket', elsewhere.json.files?.known === files.size, elsewhere.stderr);
  const wrong = run(fromBucket('none', bucket), { AWS_SECRET_ACCESS_KEY: 'WRONG' });
  check('a wrong secret', wrong.json.error?.code === 'CREDENTIALS_REFUSED', wrong.stderr);
  const missing = run(fromBucket('none', `${bucket}-not`));
  check('a missing bucket', missing.json.error?.code === 'NO_SUCH_BUCKET', missing.stderr);
}

/** Of a versioned bucket the version that was read goes, and no other. */
async function versions() {
  const bucket = `versions-${Date.now()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(
    new PutBucketVersioningCommand({
      Bucket: bucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  await put(bucket, [['a.log', text(1, 3)]]);
  await put(bucket, [['a.log', text(9, 5)]]);
  const { json } = run(fromBucket('versions', bucket, '--delete-after'));
  check('the newest version was read', json.lines?.kept === 5 && json.bucket?.deleted === 1);
  const left = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  check('the version before stays', left.Versions?.length === 1 && !left.DeleteMarkers?.length);
}

/** Killed at random instants, again and again. */
async function storm(kills) {
  let killed = 0;
  for (let sent = 0, round = 0; sent < kills; round++) {
    const files = makeFiles(150 + Math.floor(random() * 300));
    const bucket = `storm-${Date.now()}`;
    const cache = `storm-${round}`;
    await fill(bucket, files);
    for (let kill = 0; kill < 8 && sent < kills; kill++, sent++) {
      const limit = `--limit=${20 + Math.floor(random() * 150)}`;
      const child = spawn(
        process.execPath,
        fromBucket(cache, bucket, '--delete-after', limit, '--workers=2'),
        { env, stdio: 'ignore' },
      );
      const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
      await wait(400 + random() * 1400);
      child.kill('SIGKILL');
      if ((await ended) === 'SIGKILL') killed++;
      const gone = await goneNotCommitted(bucket, cache, files);
      check(`after kill ${sent} what is gone is committed`, gone.length === 0, gone.join());
    }
    const last = run(fromBucket(cache, bucket, '--delete-after'));
    check(`round ${round} ends`, last.status === 0, last.stderr);
    check(`round ${round} deletes all`, (await keysOf(bucket)).length === 0);
    const expected = [...files.keys()].length;
    const { names, kept } = await committed(cache);
    const lines = Array.from({ length: expected }, (_, n) => 1 + (n % 9)).reduce(
      (a, b) => a + b,
      0,
    );
    check(
      `round ${round}: each file once`,
      names.length === expected && new Set(names).size === expected,
    );
    check(`round ${round}: each record once`, kept === lines, `${kept} of ${lines}`);
    rmSync(join(scratch, cache), { recursive: true, force: true });
  }
  console.log(`storm: ${kills} kills sent, ${killed} of them in time`);
}

async function goneNotCommitted(bucket, cache, files) {
  const there = new Set(await keysOf(bucket));
  const { names } = await committed(cache);
  const held = new Set(names);
  const nameOf = (key) => {
    const plainName = key.replace(/\.gz$/, '');
    return plainName.startsWith('2025')
      ? plainName.slice(plainName.lastIndexOf('/') + 1)
      : plainName;
  };
  return [...files.keys()].filter((key) => !there.has(key) && !held.has(nameOf(key)));
}

/** What the commits hold, read from the cache itself. */
async function committed(cache) {
  const { openCacheForReading } = await import(join(root, 'dist/cache/open-cache.js'));
  const { listCommits, readCommit } = await import(join(root, 'dist/cache/commit-record.js'));
  const { readIdentities } = await import(join(root, 'dist/cache/ledger/ledger-segment.js'));
  const names = [];
  let kept = 0;
  let paths;
  try {
    paths = openCacheForReading(join(scratch, cache)).paths;
  } catch (error) {
    if (error.code === 'NO_CACHE') return { names, kept };
    throw error;
  }
  for (const commit of listCommits(paths)) {
    const record = readCommit(paths, commit);
    kept += record.records.reduce((sum, { rows }) => sum + rows, 0);
    for (const { name } of await readIdentities(paths, record.files)) names.push(name);
  }
  return { names, kept };
}

// What the scripts of this folder share: a small archive with regions, the built program, and trees of files.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../bin/setup.mjs';

const program = join(root, 'dist/bin/s3logextraction.js');

/** A scratch folder with logs of three nights, lists of service ranges, and a configuration of its own. */
export class Scene {
  /** @param parent of its folder */
  constructor(parent = tmpdir()) {
    this.scratch = mkdtempSync(join(parent, 's3logextraction-crash-'));
    this.logs = join(this.scratch, 'logs');
    this.env = {
      PATH: process.env.PATH,
      HOME: this.scratch,
      S3_LOG_EXTRACTION_CONFIG_DIR: join(this.scratch, 'config'),
      SERVICE_RANGES_DIRECTORY: join(this.scratch, 'ranges'),
    };
    mkdirSync(this.env.SERVICE_RANGES_DIRECTORY);
    const ranges = {
      'github.json': '{"web":["198.51.0.0/25"]}',
      'aws.json':
        '{"prefixes":[{"ip_prefix":"198.51.1.0/24","region":"us-east-2"}],"ipv6_prefixes":[]}',
      'gcp.json': '{"prefixes":[{"ipv4Prefix":"198.51.2.0/24","scope":"us-central1"}]}',
      'azure.json': '{"values":[]}',
      'vpn.txt': '203.0.113.0/24\n',
    };
    for (const [name, text] of Object.entries(ranges)) {
      writeFileSync(join(this.env.SERVICE_RANGES_DIRECTORY, name), text);
    }
  }

  /** Write the logs of a night: some files, some of them compressed. @param repeat makes them larger */
  writeNight(night, { files = 3, lines = 60, repeat = 1, gzip = false } = {}) {
    mkdirSync(join(this.logs, `night${night}`), { recursive: true });
    for (let file = 0; file < files; file++) {
      const text = Array.from({ length: lines }, (_, n) =>
        line(night * 1000 + file * 100 + n),
      ).join('');
      const path = join(this.logs, `night${night}`, `${file}.log`);
      const content = text.repeat(repeat);
      writeFileSync(path, gzip && file % 2 === 1 ? gzipSync(content) : content);
    }
  }

  run(cache, ...command) {
    return this.runWith({}, cache, ...command);
  }

  /** As {@link run}, with more in its environment. */
  runWith(env, cache, ...command) {
    const args = [program, ...argumentsFor(cache, command)];
    const options = { env: { ...this.env, ...env }, encoding: 'utf8' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
    return { status, stdout, stderr };
  }

  /** @returns the child, and a promise of its end */
  start(cache, ...command) {
    return this.startWith({}, cache, ...command);
  }

  /** As {@link start}, with more in its environment. */
  startWith(env, cache, ...command) {
    const args = [program, ...argumentsFor(cache, command)];
    const child = spawn(process.execPath, args, {
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise((resolve) => {
      child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr, command }));
    });
    return { child, ended };
  }

  remove() {
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** What follows the program; `OUTBOX` becomes a folder that the cache has to itself. */
export function argumentsFor(cache, command) {
  return [
    ...command.map((word) => (word === 'OUTBOX' ? `${cache}-outbox` : word)),
    '--cache',
    cache,
  ];
}

export function line(n) {
  const day = String(1 + (n % 28)).padStart(2, '0');
  const key = `ds${n % 5}/sub-${n % 7}/f${n % 31}`;
  return `${'f'.repeat(64)} bucket [${day}/Mar/2025:10:00:00 +0000] 198.51.${n % 4}.${n % 250} - ABCDEF0123456789 REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" 200 - ${n * 1000 + 7} 12345 17 9 "-" "aria2/1.36.0" - ${'h'.repeat(75)}= SigV4 ECDHE-RSA-AES128-GCM-SHA256 - bucket.s3.amazonaws.com TLSv1.2 - -\n`;
}

/** Path below a folder -> content. */
export function tree(folder) {
  return new Map(
    filesBelow(folder).map((name) => {
      const path = join(folder, name);
      const isHuge = statSync(path).size > 2 ** 28;
      return [name, isHuge ? 'too large to be read' : readFileSync(path, 'utf8')];
    }),
  );
}

export function same(one, other) {
  return one.size === other.size && [...one].every(([name, text]) => other.get(name) === text);
}

export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(folder, path))
    .sort();
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

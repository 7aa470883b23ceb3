// Commands that write to a cache, the caches from which they start, and what all of them must come to in the end, however they
// were disturbed.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, line, tree } from '../crash/scene.mjs';

export const NEW_PASSWORD = 'five quite random words here';

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} [state] folder of the cache it starts from; without it there is none
 * @property {string[]} command
 * @property {string[][]} finish what is run after it was disturbed
 * @property {Map<string, string>} expected the published files after that
 * @property {string} account what `status` says after that
 *
 * @param {import('../crash/scene.mjs').Scene} scene
 * @param {object} [env] more of it for the commands that make the states
 * @returns {Scenario[]}
 */
export function prepareScenarios(scene, env = {}) {
  const { scratch, logs } = scene;
  const done = (cache, ...command) => requireDone(scene.runWith(env, cache, ...command), command);
  const cache = join(scratch, 'history');
  const keep = (name) => {
    const state = join(scratch, `state-${name}`);
    cpSync(cache, state, { recursive: true, preserveTimestamps: true });
    return state;
  };
  scene.writeNight(0, { files: 4, gzip: true });
  done(cache, 'extract', logs);
  const extracted = keep('extracted');
  done(cache, 'update', 'ip', 'regions', '--offline');
  done(cache, 'update');
  const published = keep('published');
  scene.writeNight(1, { files: 4 });
  scene.writeNight(2, { files: 2, repeat: 40 });
  done(cache, 'update', '--from', logs);
  const usual = { expected: tree(join(cache, 'summaries')), account: accountOf(scene, cache) };
  const whole = keep('whole');
  flipSegment(cache);
  const damaged = keep('damaged');

  const update = ['update', '--from', logs];
  const again = [['extract', logs], ['update', 'ip', 'regions', '--offline'], update];
  const shard = (index) => ['extract', logs, '--shard', `${index}/2`, '--workers=1'];
  const share = ['share', '--to', 'OUTBOX'];
  const scenario = (name, state, command, finish = [update]) => ({
    name,
    state,
    command,
    finish,
    ...usual,
  });
  return [
    scenario('first-extract', undefined, ['extract', logs, '--workers=2'], again),
    scenario('next-extract', published, ['extract', logs, '--workers=2'], again),
    scenario('shard', published, shard(1), [shard(1), shard(2), update]),
    scenario('regions', extracted, ['update', 'ip', 'regions', '--offline'], again),
    scenario('indexes', extracted, ['update', 'ip', 'indexes'], again),
    scenario('summaries', extracted, ['update', 'summaries'], again),
    scenario('nightly', published, [...update, '--workers=2']),
    scenario('totals', published, ['update', 'totals', '--mode', 'archive']),
    scenario('repair', damaged, ['repair'], [['repair'], update]),
    scenario('reset', whole, ['reset', 'extraction', '--yes']),
    scenario('skip-ips', whole, ['config', 'skip-ips', 'clear']),
    scenario('rotate', whole, ['config', 'key', 'rotate']),
    scenario('rule', whole, ['update', 'summaries', '--dataset-level', '1']),
    scenario('share', whole, share, [share, update]),
    scenario('status', whole, ['status']),
    scenario('validate', whole, ['validate', 'cache']),
    ...ownEnds(scene, done, { published, whole }),
  ];
}

/** Commands after which something else is published: what an undisturbed run of each comes to. */
function ownEnds(scene, done, { published, whole }) {
  const { scratch, logs } = scene;
  const mapping = join(scratch, 'mapping.json');
  writeFileSync(
    mapping,
    JSON.stringify({ '11111111-2222-4333-8444-555555555555': { '000001': 'a.nwb' } }),
  );
  const peer = join(scratch, 'peer');
  writePeer(peer);
  const many = join(scratch, 'many');
  mkdirSync(many);
  // More files than are synced one by one.
  const keys = Array.from({ length: 60 }, (_, n) => line(n).replaceAll(/\bds\d\//g, `many${n}/`));
  writeFileSync(join(many, 'a.log'), keys.join(''));
  const contents = join(scratch, 'contents');
  mkdirSync(contents);
  const blob = 'blobs/111/111/11111111-2222-4333-8444-555555555555';
  const blobs = Array.from({ length: 60 }, (_, n) => line(n).replaceAll(/\bds\d\/[^\s"?]+/g, blob));
  writeFileSync(join(contents, 'a.log'), blobs.join(''));
  const dandi = join(scratch, 'dandi');
  done(dandi, 'extract', contents, '--mode', 'dandi');
  const pipeline = join(scratch, 'pipeline.json');
  writePipeline(pipeline);
  const through = ['--pipeline', pipeline];
  // Names in place of others.
  const names = join(scratch, 'names.yaml');
  const named = join(scratch, 'named');
  cpSync(whole, named, { recursive: true, preserveTimestamps: true });
  writeFileSync(names, 'version: 1\nprefixes:\n  ds0/: Other\n');
  done(named, 'update', 'summaries', '--names', names);
  writeFileSync(
    names,
    'version: 1\nprefixes:\n  ds0/: Zero\n  ds1/: One and two\n  ds2/: One and two\n',
  );
  const scenarios = [
    [
      'pipeline',
      published,
      ['extract', logs, '--workers=2', ...through],
      ['update', '--from', logs, ...through],
    ],
    ['robots', whole, ['update', 'summaries', '--robots', 'exclude'], ['update', '--from', logs]],
    [
      'mapping',
      dandi,
      ['update', 'summaries', '--mode', 'dandi', '--mapping', mapping],
      ['update', '--from', contents],
    ],
    ['names', named, ['update', 'summaries', '--names', names], ['update', '--from', logs]],
    ['levels', whole, ['update', 'summaries', '--dataset-level', '2'], ['update', '--from', logs]],
    ['coordinates', published, ['update', 'ip', 'coordinates'], ['update', '--from', logs]],
    ['import', undefined, ['import', peer], ['update']],
    ['many', undefined, ['update', '--from', many], ['update', '--from', many]],
    // They find nothing there.
    [
      'validate-logs',
      whole,
      ['validate', 'lines,http_split,duplicates', many],
      ['update', '--from', logs],
    ],
  ];
  return scenarios.map(([name, state, command, last]) => {
    const cache = join(scratch, `end-${name}`);
    if (state !== undefined) cpSync(state, cache, { recursive: true, preserveTimestamps: true });
    const finish = [command, last];
    for (const each of finish) done(cache, ...each);
    const expected = tree(join(cache, 'summaries'));
    return { name, state, command, finish, expected, account: accountOf(scene, cache) };
  });
}

/** Handlers that drop some records, tag the others and write outputs. */
function writePipeline(path) {
  const counting = `export default { configure: () => ({ create: () => ({ handleEvents(events, env) {
    env.write('counts', JSON.stringify({ rows: events.rows }));
    return events;
  } }) }) };`;
  writeFileSync(join(path, '../counting.mjs'), counting);
  const drop = { keys: ['f1$', '^ds3/'] };
  const handlers = [
    { use: 'filter', with: { drop } },
    { use: 'robots' },
    { use: './counting.mjs' },
  ];
  writeFileSync(path, JSON.stringify({ version: 1, handlers }));
}

/** What the Python tool has of three objects. */
function writePeer(folder) {
  mkdirSync(join(folder, 'records'), { recursive: true });
  for (let n = 0; n < 3; n++) {
    const object = join(folder, 'extraction', `ds${n}`, 'a.nwb');
    mkdirSync(object, { recursive: true });
    writeFileSync(join(object, 'timestamps.txt'), '250301100000\n250302110000\n');
    writeFileSync(join(object, 'bytes_sent.txt'), '1000\n2000\n');
    writeFileSync(join(object, 'download.txt'), '1\n0\n');
    writeFileSync(join(object, 'ips.txt'), `198.51.0.${n}\n198.51.1.${n}\n`);
  }
  for (const kind of ['start', 'end']) {
    const file = join(folder, 'records', `S3LogAccessExtractor_file-processing-${kind}.txt`);
    writeFileSync(file, '2025/2025-03-01-10-00-00-0123456789ABCDEF\n');
  }
}

/** What `status` says of files and lines. */
export function accountOf(scene, cache) {
  return accountText(scene.run(cache, 'status', '--json').stdout);
}

export function accountText(stdout) {
  const { lines, files } = JSON.parse(stdout);
  return JSON.stringify([files, lines.total, lines.kept, lines.skipped, lines.rejected]);
}

function flipSegment(cache) {
  const names = filesBelow(join(cache, 'segments')).filter((name) => name.includes('.records.'));
  const path = join(cache, 'segments', names[0]);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 8;
  writeFileSync(path, bytes);
}

/** Segments of a cache that are not what their names in commits say. */
export function damagedSegments(cache) {
  const folder = join(cache, 'commits');
  const commits = filesBelow(folder).map((name) =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')),
  );
  const segments = commits.flatMap(({ records }) => records);
  const isDamaged = ({ file, sha256 }) =>
    createHash('sha256')
      .update(readFileSync(join(cache, 'segments', file)))
      .digest('hex') !== sha256;
  return new Set(segments.filter(isDamaged).map(({ file }) => file));
}

function requireDone({ status, stderr }, command) {
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
}

/** Under which key a cache is, once a writer has finished or forgotten its change. */
export function keyEnvironment(cache) {
  if (existsSync(join(cache, 'rotate'))) {
    throw new Error('the change of the key is neither finished nor forgotten');
  }
  const { key } = JSON.parse(readFileSync(join(cache, 'cache.json'), 'utf8'));
  return key.source === 'password' ? { S3_LOG_EXTRACTION_PASSWORD: NEW_PASSWORD } : {};
}

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { ingress } from '../support/ingress.js';
import { killAfter } from '../support/kills.js';
import { openPackage, packagesIn, requireConsistent, tableIn } from '../support/packages.js';
import { publish, requestsOver } from '../support/published-cache.js';
import { readTree } from '../support/published-tree.js';
import { numbersFrom } from '../support/random-lines.js';

/** Several slices, and small packages. */
const DAYS = [0, 1, 2, 3, 4].flatMap((n) => [`${2018 + n}-02-01`, `${2018 + n}-09-01`]);
const LIMITS = ['--max-size', '0.02', '--max-packed-size', '0.009'];

async function publishedSandbox(): Promise<Sandbox> {
  const sandbox = new Sandbox();
  await publish(sandbox, 'one.log', requestsOver(DAYS, { datasets: 12, assets: 12 }));
  return sandbox;
}

function requireTidyShare(sandbox: Sandbox): void {
  const share = join(sandbox.cache, 'share');
  const [folder] = readdirSync(share).filter((name) => name !== 'lock');
  expect(readdirSync(join(share, folder)).sort()).toEqual(['memory.json', 'packages']);
  expect(readdirSync(join(share, folder, 'packages'))).toEqual([]);
  expect(readdirSync(join(share, 'lock'))).toHaveLength(1);
}

it('a share to a server, killed 14 times at random, brings everything under one key each', async () => {
  const sandbox = await publishedSandbox();
  const below = numbersFrom(Date.now());
  const server = await ingress();
  // The server may fail, too.
  const answers = ['cut', 202, 500, 202, 202, 'cut', 503, 202] as const;
  for (let i = 0; i < 14; i++) {
    server.answers = [...answers].slice(below(answers.length));
    const args = ['share', '--to', server.url, '--timeout', '1', ...LIMITS];
    await killAfter(sandbox, args, 100 + below(1_800));
  }
  server.answers = [];
  await sandbox.done('share', '--to', server.url, ...LIMITS);
  requireTidyShare(sandbox);
  // What one run brings that nobody kills.
  const out = join(sandbox.root, 'out');
  await sandbox.done('share', '--to', out, ...LIMITS);
  const expected = await packagesIn(out);
  expect(expected.length).toBeGreaterThan(8);
  const bodies = await Promise.all(
    [...server.accepted.values()].map(({ headers, body }) => {
      const [, name = ''] = /"(.+)"/.exec(headers['content-disposition'] ?? '') ?? [];
      return openPackage(name, body ?? Buffer.alloc(0));
    }),
  );
  bodies.forEach(requireConsistent);
  expect(bodies.map(({ name }) => name).sort()).toEqual(expected.map(({ name }) => name));
  for (const table of ['by_day', 'by_asset', 'by_region']) {
    expect(tableIn(bodies, table).slice(1).sort()).toEqual(
      tableIn(expected, table).slice(1).sort(),
    );
  }
  expect((await sandbox.done('share', '--to', server.url, ...LIMITS)).packages).toEqual([]);
});

it('a share to a folder, killed 14 times at random, leaves what one leaves that is not', async () => {
  const sandbox = await publishedSandbox();
  const below = numbersFrom(Date.now() + 1);
  const out = join(sandbox.root, 'out');
  for (let i = 0; i < 14; i++) {
    await killAfter(sandbox, ['share', '--to', out, ...LIMITS], 300 + below(900));
  }
  await sandbox.done('share', '--to', out, ...LIMITS);
  requireTidyShare(sandbox);
  const other = join(sandbox.root, 'other');
  await sandbox.done('share', '--to', other, ...LIMITS);
  expect(readTree(out)).toEqual(readTree(other));
});

/** Keeps what is remembered in a file, and kills the process before or after it is written for the n-th time. */
function killer(file: string): string {
  return `
import { readFileSync, writeFileSync } from 'node:fs';
let left = Number(process.env.WRITES ?? Infinity);
export default (share) => share.rememberIn(() => ({
  read() { try { return JSON.parse(readFileSync('${file}', 'utf8')); } catch { return undefined; } },
  write(remembered) {
    const isLast = --left === 0;
    if (isLast && process.env.WHEN === 'before') process.kill(process.pid, 'SIGKILL');
    writeFileSync('${file}', JSON.stringify(remembered));
    if (isLast) process.kill(process.pid, 'SIGKILL');
  },
}));
`;
}

it.each(['before', 'after'])(
  'killed just %s it is remembered that something was taken',
  async (when) => {
    const sandbox = await publishedSandbox();
    const server = await ingress();
    writeFileSync(join(sandbox.root, 'killer.mjs'), killer(join(sandbox.root, 'memory.json')));
    const small = ['--max-size', '0.009'];
    const args = ['share', '--to', server.url, '--collectors', 'killer.mjs', ...small];
    let kills = 0;
    for (const writes of [1, 2, 3]) {
      const env = { WRITES: String(writes), WHEN: when };
      const { signal } = await sandbox.run(args, { env });
      expect(signal).toBe('SIGKILL');
      // The first consignment has several packages.
      if (kills++ === 0) expect(server.accepted.size).toBeGreaterThan(2);
    }
    await sandbox.done(...args);
    // Only what was taken, and is not known to be, comes again: of several packages the last.
    expect(server.acceptances - server.accepted.size).toBe(when === 'before' ? kills : 0);
    const out = join(sandbox.root, 'out');
    await sandbox.done('share', '--to', out, ...small);
    expect(server.accepted.size).toBe((await packagesIn(out)).length);
  },
);

import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shownSource } from '../../src/datasets/source-url.js';
import { Canaries, formsOf } from '../support/canaries.js';
import { DIST, Sandbox } from '../support/cli.js';
import { logText, type TruthLine } from '../support/truth.js';

const ADDRESSES = ['11.22.33.213', '2a01:4f8:ca:fe::beef', '::ffff:11.22.33.214', '203.0.113.77'];
const SECRETS = {
  password: 'canary-Pass%word/7f3a9c+1e',
  wrong: 'canary-Wrong word 55d0b1',
  next: 'canary-Next/word 90c2ee',
  ipinfo: 'canaryIpinfo4b1d',
  opencage: 'canaryopencage0f9e8d7c6b5a49382716',
  skip: '203\\.0\\.113\\.77|canary-host',
  import: 'canary-Import-77aa',
  salt: 'canary-Salt-12cd',
  user: 'canaryuser8e2f',
  urlPassword: 'canaryurlsecret3d',
  query: 'canaryquery6c',
  typed: 'canary-typed-host',
  config: 'canary-in-config',
};
const LINES: TruthLine[] = ADDRESSES.map((ip, n) => ({
  key: `blobs/123/456/12345678-0000-0000-0000-00000000000${n}`,
  time: 1_700_000_000 + n,
  client: n + 1,
  ip,
  bytes: 5n,
}));

let sandbox: Sandbox;
let server: Server;
let url: string;
let status = 200;
let knowsPlaces = false;

/** Answers with all that it was asked, credentials above all. */
beforeEach(async () => {
  sandbox = new Sandbox();
  status = 200;
  knowsPlaces = false;
  sandbox.write('a.log', `${logText(LINES)}${ADDRESSES.join(' ')} is no line\n`);
  server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    if (knowsPlaces && request.url === '/batch') {
      const places = (JSON.parse(body) as string[]).map((ip) => [
        ip,
        { ip, country: 'US', region: 'Canaria' },
      ]);
      response.end(JSON.stringify(Object.fromEntries(places)));
      return;
    }
    const echo = {
      url: request.url,
      headers: request.headers,
      body,
      error: `${request.url} ${body}`,
    };
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-echo': encodeURI(request.url ?? ''),
    });
    response.end(JSON.stringify(echo));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const raw = Object.fromEntries(
  [
    [11, 22, 33, 213],
    [11, 22, 33, 214],
    [203, 0, 113, 77],
  ].map((four) => [four.join('.'), Uint8Array.from([...Array(10).fill(0), 255, 255, ...four])]),
);
const v6 = Buffer.from('2a0104f800ca00fe000000000000beef', 'hex');
const canaries = new Canaries({
  ...SECRETS,
  ...Object.fromEntries(ADDRESSES.map((address) => [address, address])),
  ...Object.fromEntries(Object.entries(raw).map(([name, bytes]) => [`bytes of ${name}`, bytes])),
  'bytes of an IPv6 address': v6,
});

describe('secrets and addresses', () => {
  it('are found by this test in every form', () => {
    const found = (text: string): string[] => canaries.in('it', text);
    const { password } = SECRETS;
    expect(found(`x${password}x`)).toEqual(['password in it']);
    expect(found(Buffer.from(`x${password}`).toString('hex'))).toEqual(['password in it']);
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = Buffer.from(`${before}${password}${before}`).toString('base64');
      expect(found(text)).toEqual(['password in it']);
      expect(found(Buffer.from(`${before}${password}`).toString('base64url'))).toEqual([
        'password in it',
      ]);
    }
    expect(found(encodeURIComponent(password))).toEqual(['password in it']);
    expect(canaries.in('it', v6)).toEqual(['bytes of an IPv6 address in it']);
    expect(formsOf('a"').some((form) => form.equals(Buffer.from('a\\"')))).toBe(true);
  });

  it('stand in no output, file, name or list of processes, whatever works and whatever fails', async () => {
    mkdirSync(sandbox.config, { mode: 0o700 });
    const withUser = url.replace('//', `//${SECRETS.user}:${SECRETS.urlPassword}@`);
    const env = {
      S3_LOG_EXTRACTION_PASSWORD: SECRETS.password,
      S3_LOG_EXTRACTION_NEW_PASSWORD: SECRETS.next,
      S3_LOG_EXTRACTION_IMPORT_PASSWORD: SECRETS.import,
      S3_LOG_EXTRACTION_SALT: SECRETS.salt,
      IPINFO_API_KEY: SECRETS.ipinfo,
      OPENCAGE_API_KEY: SECRETS.opencage,
      IPINFO_API_URL: url,
      OPENCAGE_API_URL: `${url}/?key=${SECRETS.query}`,
      SERVICE_RANGES_URL_VPN: `${withUser}/vpn?token=${SECRETS.query}`,
      SERVICE_RANGES_URL_AWS: `${withUser}/aws?token=${SECRETS.query}`,
      SERVICE_RANGES_URL_GCP: `${url}/gcp?token=${SECRETS.query}`,
      SERVICE_RANGES_URL_GITHUB: `${url}/github?token=${SECRETS.query}`,
      SERVICE_RANGES_URL_AZURE: `canary://${SECRETS.user}:${SECRETS.urlPassword}@x/`,
      IPS_TO_SKIP: SECRETS.skip,
    };
    const found: string[] = [];
    const run = async (expected: number, args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
      const { child, ended } = sandbox.start([...args, '--json'], {
        env: { ...env, ...more },
        umask: '000',
      });
      const commands = [];
      while (child.exitCode === null && commands.length < 20) {
        commands.push(readCommand(child.pid as number));
        await wait(20);
      }
      const { status: exit, stdout, stderr } = await ended;
      expect([args, exit, stderr]).toEqual([args, expected, stderr]);
      const place = args.slice(0, 3).join(' ');
      found.push(
        ...canaries.in(`stdout of ${place}`, stdout),
        ...canaries.in(`stderr of ${place}`, stderr),
      );
      // What a person puts into arguments is in them; nothing else is.
      if (!args.some((arg) => arg.includes('canary'))) {
        found.push(...commands.flatMap((line) => canaries.in(`command line of ${place}`, line)));
      }
      return stdout + stderr;
    };

    status = 403;
    await run(0, ['extract', 'logs', '--mode', 'dandi', '--workers', '2']);
    await run(1, ['update'], { S3_LOG_EXTRACTION_PASSWORD: SECRETS.wrong });
    await run(1, ['update', 'ip', 'regions']);
    knowsPlaces = true;
    await run(0, ['update', 'ip', 'regions']);
    expect(await run(1, ['update', 'ip', 'coordinates'])).toContain('OPENCAGE_KEY_REFUSED');
    for (const mapping of [
      ['--mapping', `${withUser}/m.json?token=${SECRETS.query}`],
      [
        '--mapping',
        `http://${SECRETS.user}:${SECRETS.urlPassword}@host:99999/${SECRETS.query}`.replace(
          `/${SECRETS.query}`,
          '',
        ),
      ],
      ['--api-url', `${withUser}/api?token=${SECRETS.query}`],
      ['--api-url', `ftp://${SECRETS.user}:${SECRETS.urlPassword}@host/`],
    ]) {
      await run(1, ['update', 'summaries', '--mode', 'dandi', ...mapping]);
    }
    status = 200;
    await run(1, ['update', 'summaries', '--mode', 'dandi', '--mapping', `${withUser}/m.json`]);
    await run(1, ['config', 'skip-ips', 'set'], { IPS_TO_SKIP: `(${SECRETS.skip}` });
    await run(0, ['config', 'skip-ips', 'set']);
    await run(1, ['import', 'logs']);
    const thrown = `throw new Error(Object.values(process.env).join() + '${ADDRESSES.join()}')`;
    const preload = `import fs from 'node:fs';import{syncBuiltinESMExports}from'node:module';const o=fs.readdirSync;fs.readdirSync=(...a)=>{if(String(a[0]).endsWith('commits')){${thrown}}return o(...a)};syncBuiltinESMExports()`;
    for (const trace of ['', '1']) {
      await run(1, ['status'], {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
        S3_LOG_EXTRACTION_TRACE: trace,
      });
    }
    await run(0, ['config', 'key', 'rotate']);
    await run(0, ['validate', 'cache']);
    found.push(...canaries.below(sandbox.cache), ...canaries.below(sandbox.config));

    // A broken configuration is not quoted either; it is the user's own file.
    writeFileSync(join(sandbox.config, 'config.json'), `{"cache": ${SECRETS.config}`);
    await run(1, ['status']);
    found.push(...canaries.below(sandbox.tmp), ...canaries.below(sandbox.home));
    expect(found).toEqual([]);
    expect(exposed(sandbox.cache, 'summaries')).toEqual([]);
  });

  it('that are typed, or in the key file, stand nowhere else either', async () => {
    const typed = spawnSync(
      process.execPath,
      [join(DIST, 'bin', 's3logextraction.js'), 'config', 'skip-ips', 'set', '--json'],
      {
        env: sandbox.env,
        input: `${SECRETS.typed}\n`,
        encoding: 'utf8',
      },
    );
    expect(typed.status).toBe(0);
    await sandbox.run(['extract', 'logs'], { umask: '000' });
    const key = readFileSync(join(sandbox.config, 'key'), 'latin1').trim();
    const own = new Canaries({ ...SECRETS, key: Buffer.from(key, 'hex'), 'text of the key': key });
    expect([
      ...own.in('output', typed.stdout + typed.stderr),
      ...own.below(sandbox.cache),
      ...own.below(sandbox.tmp),
      ...own.below(sandbox.home),
    ]).toEqual([]);
    expect(own.below(sandbox.config)).toHaveLength(2);
    expect([...exposed(sandbox.cache, 'summaries'), ...exposed(sandbox.config)]).toEqual([]);
  });

  it('of addresses are left out of what is shown and kept, also of those that are none', () => {
    for (const [source, shown] of [
      ['https://u:p@host/x?token=1#f', 'https://host/x'],
      ['http://u:p@host:99999/x?y', 'http://host:99999/x'],
      ['http://u:p/q@host/x', 'http://host/x'],
      ['ftp://u:p@host/@x', 'ftp://x'],
      ['/data/mapping.json', '/data/mapping.json'],
      ['/data/a@b?c', '/data/a@b?c'],
      ['https:/name:secret@host/x', '…@host/x'],
      ['https:name:secret@host/x', '…@host/x'],
      ['//name:secret@host/x', '…@host/x'],
      ['http:\\\\name:secret@host', '…@host'],
      ['name:secret@host/api', '…@host/api'],
    ]) {
      expect(shownSource(source as string)).toBe(shown);
    }
  });
});

/** @returns nothing once it has ended */
function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** What others than the owner may read or enter, but for what is published. */
function exposed(folder: string, published?: string): string[] {
  return ['', ...readdirSync(folder, { recursive: true }).map(String)]
    .filter((name) => published === undefined || name.split('/')[0] !== published)
    .filter((name) => (lstatSync(join(folder, name)).mode & 0o077) !== 0);
}

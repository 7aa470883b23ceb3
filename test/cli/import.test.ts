import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { addressOf, expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
let peer: string;
beforeEach(() => {
  sandbox = new Sandbox();
  peer = join(sandbox.root, 'peer');
  mkdirSync(join(peer, 'records'), { recursive: true });
  mkdirSync(join(peer, 'extraction'));
});

const lines: TruthLine[] = [];
for (let n = 0; n < 260; n++) {
  const key = n % 10 === 9 ? `ds${n % 3}` : `ds${n % 3}/sub-${n % 4}/file${n % 13}.nwb`;
  const status = n % 3 === 0 ? 206 : 200;
  const bytes = BigInt(n) * 10n ** 13n;
  lines.push({ key, time: 1_720_000_000 + n * 7000, client: n % 70, bytes, status });
}
/** As S3 names its logs. */
const LOGS = ['2024-07-03-10-00-00-0123456789ABCDEF', '2024-07-04-10-00-00-0123456789ABCDEF'];
const [first, second] = [lines.slice(0, 180), lines.slice(180)];

function stamp(time: number): string {
  return new Date(time * 1000).toISOString().slice(2, 19).replace(/[-:T]/g, '');
}

/** Write what the Python tool has of some lines: a folder for each key, a line for each request. */
function writePeer(
  own: readonly TruthLine[],
  { encrypt = (text: string) => text, downloads = true, ips = 'ips.txt' } = {},
): void {
  const keys = new Set(own.map(({ key }) => key));
  for (const key of keys) {
    const folder = join(peer, 'extraction', key);
    mkdirSync(folder, { recursive: true });
    const requests = own.filter((line) => line.key === key);
    const write = (
      name: string,
      value: (line: TruthLine) => unknown,
      wrap = (text: string) => text,
    ) =>
      writeFileSync(join(folder, name), wrap(requests.map((line) => `${value(line)}\n`).join('')));
    write('timestamps.txt', ({ time }) => stamp(time));
    write('bytes_sent.txt', ({ bytes }) => bytes ?? 0n);
    write(ips, ({ client }) => addressOf(client), encrypt);
    if (downloads) write('download.txt', ({ status }) => ((status ?? 200) === 200 ? 1 : 0));
  }
  for (const kind of ['start', 'end']) {
    writeFileSync(
      join(peer, 'records', `S3LogAccessExtractor_file-processing-${kind}.txt`),
      `2024/${LOGS[0]}\n`,
    );
  }
}

/** Fernet, by its specification. */
function fernet(password: string, salt: string): (text: string) => string {
  const key = pbkdf2Sync(password, salt, 600_000, 32, 'sha256');
  return (text) => {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(16), iv);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_720_000_000n);
    const body = Buffer.concat([
      Buffer.from([0x80]),
      time,
      iv,
      cipher.update(text),
      cipher.final(),
    ]);
    const hmac = createHmac('sha256', key.subarray(0, 16)).update(body).digest();
    const token = Buffer.concat([body, hmac]).toString('base64url');
    return token.padEnd(Math.ceil(token.length / 4) * 4, '=');
  };
}

function published(): Map<string, string> {
  return readTree(join(sandbox.cache, 'summaries'));
}

/** The logs of before, which must not be read again, and a new one. */
async function goOn(): Promise<void> {
  sandbox.write(`2024/${LOGS[0]}`, logText(first));
  sandbox.write(`2024/${LOGS[1]}`, logText(second));
  const { extraction } = await sandbox.done('update', '--from', 'logs');
  expect(extraction.files).toMatchObject({ found: 2, known: 1, extracted: 1 });
  expect(published()).toEqual(expectedTree(recordsOf(lines)));
}

describe('import', () => {
  it('takes over a cache of the Python tool: the same bytes as from the logs, which are not read again', async () => {
    writePeer(first);
    const report = await sandbox.done('import', peer);
    expect(report).toMatchObject({
      logFiles: 1,
      records: 180,
      recordsWithoutDownload: 0,
      objects: { known: 0, failed: 0 },
    });
    await goOn();
    expect((await sandbox.done('validate', 'cache')).findings).toEqual([]);
  });

  it('counts nothing twice when it is run again, or was killed', async () => {
    writePeer(first);
    for (const delay of [150, 300, 450]) {
      const { child, ended } = sandbox.start(['import', peer]);
      setTimeout(() => child.kill('SIGKILL'), delay);
      await ended;
    }
    await sandbox.done('import', peer);
    const again = await sandbox.done('import', peer);
    expect(again).toMatchObject({ logFiles: 0, records: 0, objects: { imported: 0, failed: 0 } });
    await goOn();
  });

  it('opens what is encrypted with a password and salt, and only with these', async () => {
    writePeer(first, { encrypt: fernet('a password of the python tool', 'and a salt') });
    const env = { S3_LOG_EXTRACTION_IMPORT_PASSWORD: 'a password of the python tool' };
    for (const wrong of [{}, env, { ...env, S3_LOG_EXTRACTION_SALT: 'another' }]) {
      const refused = await sandbox.run(['import', peer], { env: wrong });
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining('IMPORT_UNREADABLE'),
      ]);
    }
    const right = { ...env, S3_LOG_EXTRACTION_SALT: 'and a salt' };
    const ended = await sandbox.run(['import', peer, '--json'], { env: right });
    expect(ended.json.records).toBe(180);
    await goOn();
  });

  it('takes older caches, without notes of downloads, and says so', async () => {
    writePeer(first, { downloads: false, ips: 'full_ips.txt' });
    const report = await sandbox.done('import', peer);
    expect(report.recordsWithoutDownload).toBe(180);
    await sandbox.done('update');
    const withoutDownloads = recordsOf(first).map((record) => ({ ...record, download: false }));
    expect(published()).toEqual(expectedTree(withoutDownloads));
  });

  it('leaves out objects whose files do not fit together, by name, and imports the others', async () => {
    writePeer(first);
    appendFileSync(join(peer, 'extraction/ds0/sub-0/file0.nwb/timestamps.txt'), '240703100000\n');
    writeFileSync(join(peer, 'extraction/ds1/sub-1/file1.nwb/bytes_sent.txt'), 'many\n');
    const ended = await sandbox.run(['import', peer, '--json']);
    expect(ended.status).toBe(3);
    expect(ended.json.objects.failed).toBe(2);
    expect(ended.stderr).toContain('"ds0/sub-0/file0.nwb": its files differ in length');
    expect(ended.stderr).not.toContain('198.51');
    writePeer(first);
    await sandbox.done('import', peer);
    await goOn();
  });

  it('asks before it takes over what the tool has not ended', async () => {
    writePeer(first);
    const records = join(peer, 'records/S3LogAccessExtractor_file-processing-start.txt');
    appendFileSync(records, `2024/${LOGS[1]}\n`);
    const refused = await sandbox.run(['import', peer]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('IMPORT_UNFINISHED');
    expect((await sandbox.done('import', peer, '--with-unfinished')).logFiles).toBe(2);
  });

  it('says what is no cache of the tool', async () => {
    rmSync(join(peer, 'extraction'), { recursive: true });
    const ended = await sandbox.run(['import', peer]);
    expect([ended.status, ended.stderr]).toEqual([
      1,
      expect.stringContaining('it has no folder "extraction"'),
    ]);
  });
});

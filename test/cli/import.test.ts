import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { fernet, newerKey, olderKey } from '../support/fernet.js';
import { IpinfoServer } from '../support/ipinfo-server.js';
import { type PeerOptions, writePeerCache } from '../support/peer-cache-writer.js';
import { readTree } from '../support/published-tree.js';
import { CLIENTS, LINES, LISTS, REGIONS } from '../support/region-clients.js';
import { expectedArchive, expectedSummaries } from '../support/summary-oracle.js';
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

function writePeer(
  own: readonly TruthLine[],
  { ledger = [`2024/${LOGS[0]}`], ...options }: PeerOptions & { ledger?: readonly string[] } = {},
): void {
  writePeerCache(peer, own, ledger, options);
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
    const imported = new Set(first.map(({ key }) => key)).size;
    const holds = { files: 1, importedObjects: imported };
    expect(await sandbox.done('status')).toMatchObject({ ...holds, runs: [holds] });
    expect(await sandbox.done('config', 'cache', 'show')).toMatchObject({ files: 1 });
    const { stdout } = await sandbox.run(['status']);
    expect(stdout).toContain(`records of ${imported} objects`);
    expect(stdout).toContain(`1 file, ${imported} imported objects, 0 B`);
    await goOn();
    // Also by the index of the ledger.
    expect(await sandbox.done('status')).toMatchObject({ files: 2, importedObjects: imported });
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
    // By versions before 1.10.8, and since.
    const older = fernet(olderKey('a password of the python tool'));
    const newer = fernet(newerKey('a password of the python tool', 'and a salt'));
    let files = 0;
    writePeer(first, { encrypt: (text) => (files++ % 2 === 0 ? newer(text) : older(text)) });
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

  it('knows the logs of buckets, too: the same bytes as a direct extraction of the same logs', async () => {
    const flat = 'logs-0001';
    const url = `s3://logs-of-tests/archive/2024/${LOGS[0]}`;
    writePeer(lines, {
      ledger: [url, `archive/2024/${LOGS[1]}`, `s3://logs-of-tests/archive/${flat}`],
      extractor: 'RemoteS3LogAccessExtractor_s3-url',
    });
    sandbox.write(`2024/${LOGS[0]}`, logText(lines.slice(0, 100)));
    sandbox.write(`2024/${LOGS[1]}`, logText(lines.slice(100, 180)));
    sandbox.write(flat, logText(lines.slice(180)));
    const direct = new Sandbox();
    await direct.done('update', '--from', sandbox.logs);

    const { logFiles } = await sandbox.done(
      'import',
      peer,
      '--logs',
      's3://logs-of-tests/archive/',
    );
    expect(logFiles).toBe(3);
    const { extraction } = await sandbox.done('update', '--from', 'logs');
    expect(extraction.files).toMatchObject({ found: 3, known: 3, extracted: 0 });
    expect(published()).toEqual(readTree(join(direct.cache, 'summaries')));
  });

  it('takes objects whose flags begin later: they belong to the last requests', async () => {
    const from = first[90]?.time as number;
    writePeer(first, { downloadsFrom: from });
    const report = await sandbox.done('import', peer);
    expect(report).toMatchObject({
      records: 180,
      recordsWithoutDownload: 90,
      objects: { failed: 0 },
    });
    await sandbox.done('update');
    const known = recordsOf(first).map((record, i) =>
      i < 90 ? { ...record, download: false } : record,
    );
    expect(published()).toEqual(expectedTree(known));
  });

  it('takes regions over where there is an address: nothing is looked up again', async () => {
    writePeer(LINES, { encrypt: fernet(newerKey('p', 's')) });
    const yaml = CLIENTS.map(([address, region], i) => {
      if (i === 0) return `${address}: undetermined\n`;
      // As PyYAML writes what is not ASCII.
      return region.startsWith('CL/')
        ? `${address}: "CL/Valpara\\xEDso"\n`
        : `${address}: ${region}\n`;
    });
    const others = [
      "'no address': US\n",
      '9.9.9.8: "<script>"\n',
      '9.9.9.7: null\n',
      ': what\n',
      '2.2.2.2: [a]\n',
    ];
    mkdirSync(join(peer, 'ips'));
    const text = fernet(newerKey('p', 's'))([...yaml, ...others].join(''));
    writeFileSync(join(peer, 'ips/ip_to_region.yaml'), text);
    // Of older versions: by index. The last has no address.
    writeFileSync(join(peer, 'ips/index_to_region.yaml'), '17: FR/Corsica\n18: VPN\n');
    writeFileSync(join(peer, 'ips/indexed_ips.yaml'), '17: 7.7.7.7\n');
    const lists = join(sandbox.root, 'lists');
    mkdirSync(lists);
    for (const [name, list] of Object.entries(LISTS)) {
      writeFileSync(join(lists, name), JSON.stringify(list));
    }
    writeFileSync(join(lists, 'vpn.txt'), '45.86.0.0/16\n');
    const says = new Map(CLIENTS.map(([address, , place]) => [address, place]));
    const server = await new IpinfoServer((address) => says.get(address)).start();
    try {
      const secrets = { S3_LOG_EXTRACTION_IMPORT_PASSWORD: 'p', S3_LOG_EXTRACTION_SALT: 's' };
      for (const _ of [1, 2]) {
        const ended = await sandbox.run(['import', peer, '--json'], { env: secrets });
        // Known of all but the one that was undetermined, and two that were unknown to the tool.
        expect(ended.json.regions).toEqual({ imported: CLIENTS.length - 3 + 1, leftOut: 8 });
      }
      const ips = [...readTree(join(sandbox.cache, 'ips', 'regions')).keys()];
      expect(ips).toHaveLength(1);
      Object.assign(sandbox.env, { ...server.env, SERVICE_RANGES_DIRECTORY: lists });
      await sandbox.run(['update']);
    } finally {
      await server.stop();
    }
    expect(server.answered.sort()).toEqual(['5.5.5.5', '6.6.6.6', '8.8.8.8']);
    const options = { regions: REGIONS, folderOf: (dataset: string) => dataset };
    const records = recordsOf(LINES);
    const tree = published();
    for (const [name, content] of [
      ...expectedSummaries(records, options),
      ...expectedArchive(records, options),
    ]) {
      expect([name, tree.get(name)]).toEqual([name, content]);
    }
  });

  it('says where the password of the tool goes when it is too weak for a cache of ours', async () => {
    writePeer(first);
    const env = { S3_LOG_EXTRACTION_PASSWORD: 'short' };
    const ended = await sandbox.run(['import', peer], { env });
    expect(ended.stderr).toMatch(/S3_LOG_EXTRACTION_IMPORT_PASSWORD[\s\S]*WEAK_PASSWORD/);
    sandbox.write('log', logText(first));
    const other = await sandbox.run(['extract', sandbox.logs], { env });
    expect(other.stderr).toContain('WEAK_PASSWORD');
    expect(other.stderr).not.toContain('IMPORT_PASSWORD');
  });

  it('leaves out records of addresses to skip, and counts them as extract does', async () => {
    const machine = addressOf(7);
    const others = first.filter(({ client }) => client !== 7);
    const left = first.length - others.length;
    expect(left).toBeGreaterThan(1);
    // A whole object of the archive's own machine, too.
    const own: TruthLine = { key: 'ds0/own', time: 1_720_000_000, client: 7, bytes: 5n };
    writePeer([...first, own]);
    const bad = await sandbox.run(['import', peer], { env: { IPS_TO_SKIP: '(secret' } });
    expect(bad.stderr).toContain('[INVALID_SKIP_EXPRESSION]');
    expect(bad.stderr).not.toContain('secret');
    const expression = `^${machine.replaceAll('.', '[.]')}$`;
    await sandbox.run(['config', 'skip-ips', 'set'], { env: { IPS_TO_SKIP: expression } });
    const told = await sandbox.run(['import', peer, '--json']);
    expect(told.json).toMatchObject({ records: others.length, recordsSkipped: left + 1 });
    const status = await sandbox.done('status');
    expect(status.lines).toMatchObject({ kept: others.length, skipped: left + 1 });
    expect(status.lines.notes).toEqual({ address_skipped: left + 1 });
    await sandbox.done('update');
    expect(published()).toEqual(expectedTree(recordsOf(others)));
    expect((await sandbox.done('validate', 'cache')).findings).toEqual([]);

    const direct = new Sandbox();
    const env = { IPS_TO_SKIP: expression };
    const text = await new Sandbox().run(['import', peer], { env });
    expect(text.stdout).toContain(`${left + 1} records of addresses to skip left out`);
    direct.write('log', logText([...first, own]));
    const ended = await direct.run(['update', '--from', 'logs', '--json'], { env });
    expect(ended.json.extraction.lines.notes.address_skipped).toBe(left + 1);
    expect(readTree(join(direct.cache, 'summaries'))).toEqual(published());
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

  it('asks what becomes of log files that the tool has not ended', async () => {
    writePeer(first);
    const records = join(peer, 'records/S3LogAccessExtractor_file-processing-start.txt');
    appendFileSync(records, `2024/${LOGS[1]}\n`);
    const refused = await sandbox.run(['import', peer]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('IMPORT_UNFINISHED');
    expect(refused.stderr).toContain(LOGS[1]);
    // Nothing of it was merged: reading it again makes everything exact.
    const report = await sandbox.done('import', peer, '--unfinished', 'again');
    expect(report).toMatchObject({ logFiles: 1, unfinished: { count: 1, names: [LOGS[1]] } });
    await goOn();

    const other = new Sandbox();
    expect((await other.done('import', peer, '--unfinished', 'read')).logFiles).toBe(2);
    const { files } = await other.done('extract', sandbox.logs);
    expect(files).toMatchObject({ found: 2, known: 2, extracted: 0 });
  });

  it('that cannot be done as a whole changes nothing: the logs are still to be extracted', async () => {
    const extracts = async (known: number, extracted: number): Promise<void> => {
      const { files } = await sandbox.done('extract', 'logs', '--dry-run');
      expect(files).toMatchObject({ found: 2, known, new: extracted });
    };
    sandbox.write(`2024/${LOGS[0]}`, logText(first));
    sandbox.write(`2024/${LOGS[1]}`, logText(second));
    writePeer(first, { encrypt: fernet(newerKey('p', 's')) });
    for (const password of [undefined, 'wrong']) {
      const env = { S3_LOG_EXTRACTION_IMPORT_PASSWORD: password, S3_LOG_EXTRACTION_SALT: 's' };
      const refused = await sandbox.run(['import', peer], { env });
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining('[IMPORT_UNREADABLE]'),
      ]);
    }
    await extracts(0, 2);

    rmSync(join(peer, 'records'), { recursive: true });
    const blind = await sandbox.run(['import', peer]);
    expect([blind.status, blind.stderr]).toEqual([
      1,
      expect.stringContaining('[IMPORT_NO_LEDGER]'),
    ]);
    await extracts(0, 2);
    mkdirSync(join(peer, 'records'));
    writePeer(first);
    await sandbox.done('import', peer);

    // The tool went on meanwhile: which records are new cannot be told, but the log file can still be extracted.
    writePeer(lines, { ledger: LOGS.map((name) => `2024/${name}`) });
    const grown = await sandbox.run(['import', peer]);
    expect([grown.status, grown.stderr]).toEqual([1, expect.stringContaining('[IMPORT_GROWN]')]);
    await extracts(1, 1);
    await goOn();
  });

  it('waits for no pipe, and gives up on what is nested as deep as it likes', async () => {
    writePeer(first);
    for (const [folder, name] of [
      ['records', 'Other_file-processing-end.txt'],
      ['ips', 'index_to_region.yaml'],
      ['ips', 'indexed_ips.yaml'],
    ] as const) {
      mkdirSync(join(peer, folder), { recursive: true });
      execFileSync('mkfifo', [join(peer, folder, name)]);
    }
    const deep = `c: ${'['.repeat(20_000)}`;
    const odd = `198.51.100.7: "=cmd"\n'a: &a [x,x]\nb: *a\n${deep}\n`;
    const regions = `1.2.3.4: US/California\n${deep}\n1.2.3.5: US/California\n${odd}`;
    writeFileSync(join(peer, 'ips/ip_to_region.yaml'), regions);
    const report = await sandbox.done('import', peer);
    expect(report).toMatchObject({ records: 180, regions: { imported: 2 } });
  });

  it('without any ledger is done when asked for', async () => {
    writePeer(first, { ledger: [] });
    const report = await sandbox.done('import', peer, '--without-ledger');
    expect(report).toMatchObject({ records: 180, logFiles: 0 });
  });

  it('says what is no cache of the tool', async () => {
    rmSync(join(peer, 'extraction'), { recursive: true });
    const ended = await sandbox.run(['import', peer]);
    expect([ended.status, ended.stderr]).toEqual([
      1,
      expect.stringContaining('it has no folder "extraction"'),
    ]);
    const nowhere = await sandbox.run(['import', join(peer, 'nowhere')]);
    expect(nowhere.stderr).toContain('there is no such folder');
  });
});

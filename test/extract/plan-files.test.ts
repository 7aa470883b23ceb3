import { copyFileSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type CommitRecord, commitName } from '../../cache/commit-record.js';
import { Ledger } from '../../cache/ledger.js';
import { cachePaths } from '../../cache/paths.js';
import { type LedgerRow, writeLedger } from '../../cache/segment-writer.js';
import { LineFeeder } from '../../src/extract/line-feeder.js';
import { FilePlan, type NewFile } from '../../src/extract/plan-files.js';
import { readLogFile } from '../../src/extract/read-log-file.js';
import { RecordBatch } from '../../src/extract/record-batch.js';
import { emptyAccount } from '../../src/extract/scan-lines.js';
import { logPath, storedPath } from '../../src/source/log-path.js';
import { scratchDirectory } from '../support/scratch.js';

const NAME = '2026-11-23-06-13-49-0123456789ABCDEF';
const CONTENT = 'one line of no log\nand another\n';

/** A folder of logs, and a ledger that runs fill. */
class Scene {
  readonly root = scratchDirectory();
  private readonly cache = cachePaths(scratchDirectory());
  private ledger = new Ledger(this.cache);
  private readonly commits: CommitRecord[] = [];
  private sequence = 0;
  /** Files that have waited at once. */
  mostInPass = 0;

  constructor(private readonly mostWaiting?: number) {
    mkdirSync(this.cache.segments, { recursive: true });
  }

  write(path: string, content: string | Uint8Array, modified = 1_700_000_000): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    utimesSync(full, modified, modified);
  }

  /** Plan, read and commit as a run does; `fails` names files that cannot be read. */
  async run(...fails: string[]): Promise<Account> {
    const account: Account = { extracted: [], known: 0, failed: [], found: 0 };
    this.ledger = new Ledger(this.cache);
    for (const commit of this.commits) await this.ledger.load(commit);
    const observer = {
      found: () => account.found++,
      known: () => account.known++,
      failed: (path: string, reason: string) =>
        account.failed.push([path.slice(this.root.length + 1), reason]),
      warning: () => {},
    };
    const root = logPath(this.root);
    const plan = new FilePlan(root, () => false, this.ledger, observer, this.mostWaiting);
    while (!plan.isComplete) {
      const files: NewFile[] = [];
      for (let file = await plan.next(); file !== undefined; file = await plan.next())
        files.push(file);
      this.mostInPass = Math.max(this.mostInPass, plan.remainingCount);
      await this.commit(files.filter((file) => !fails.includes(file.relativePath)));
      account.extracted.push(...files.map((file) => file.relativePath));
      for (let pass = 0; plan.remainingCount > 0; pass++) {
        if (pass === 5) throw new Error('files wait for ever');
        for await (const file of plan.remaining()) {
          account.extracted.push(file.relativePath);
          if (!fails.includes(file.relativePath)) await this.commit([file]);
        }
      }
    }
    return account;
  }

  private async commit(files: readonly NewFile[]): Promise<void> {
    if (files.length === 0) return;
    const name = commitName(new Date(0), '0123abcd', ++this.sequence);
    const rows: LedgerRow[] = [];
    for (const file of files) rows.push(await ledgerRow(file));
    const segment = writeLedger(this.cache.segments, name, rows);
    const commit = { commit: name, source: this.root, files: segment } as CommitRecord;
    this.commits.push(commit);
    this.ledger.add(commit, rows);
  }
}

interface Account {
  readonly extracted: string[];
  readonly failed: [string, string][];
  known: number;
  found: number;
}

const feeder = new LineFeeder(new RecordBatch({ rows: 1 << 20, keyBytes: 1 << 26 }));

async function ledgerRow(file: NewFile): Promise<LedgerRow> {
  const account = emptyAccount();
  feeder.begin(file.name, account);
  const read = await readLogFile(file, true, feeder, () => {});
  const { lines, kept, skipped, rejected } = account;
  const path = storedPath(file.relativePath);
  return { ...file, path, ...read, lines, kept, skipped, rejected };
}

const changed = expect.stringMatching(/its content is not that of the log file/);

describe('a log file found again', () => {
  it('is known by size and time, by its content after a touch, and under another root', async () => {
    const scene = new Scene();
    scene.write(`a/${NAME}`, CONTENT);
    scene.write('a/plain.log', CONTENT);
    expect(await scene.run()).toMatchObject({
      found: 2,
      known: 0,
      extracted: [`a/${NAME}`, 'a/plain.log'],
    });
    expect(await scene.run()).toMatchObject({ found: 2, known: 2, extracted: [], failed: [] });
    scene.write(`a/${NAME}`, CONTENT, 1_800_000_000);
    scene.write('a/plain.log', CONTENT, 1_800_000_000);
    expect(await scene.run()).toMatchObject({ found: 2, known: 2, extracted: [], failed: [] });
    scene.write(`moved/2026/${NAME}`, CONTENT, 5);
    scene.write('moved/plain.log', CONTENT);
    expect(await scene.run()).toMatchObject({ known: 3, extracted: ['moved/plain.log'] });
  });

  it('with other content is reported and not read, whether it grew or only changed', async () => {
    for (const other of [`${CONTENT}more\n`, CONTENT.toUpperCase(), '']) {
      const scene = new Scene();
      scene.write(NAME, CONTENT);
      await scene.run();
      scene.write(NAME, other, 1_800_000_000);
      expect(await scene.run()).toMatchObject({
        known: 0,
        extracted: [],
        failed: [[NAME, changed]],
      });
    }
  });

  it('compressed since is the same file', async () => {
    const scene = new Scene();
    scene.write(NAME, CONTENT);
    scene.write('a.log', CONTENT);
    await scene.run();
    scene.write(`zipped/${NAME}.gz`, gzipSync(CONTENT));
    scene.write('a.log.gz', gzipSync(CONTENT));
    expect(await scene.run()).toMatchObject({ known: 4, extracted: [], failed: [] });
  });

  it('complete and compressed, after it was empty or hardly begun, once passed for the same', async () => {
    for (const begun of ['x', '\x1f', '\x1f\x8b']) {
      const scene = new Scene();
      scene.write(NAME, Buffer.from(begun, 'latin1'));
      await scene.run();
      scene.write(`${NAME}.gz`, gzipSync(CONTENT), 1_800_000_000);
      const account = await scene.run();
      expect(account.failed).toEqual([[`${NAME}.gz`, changed]]);
      expect(account.extracted).toEqual([]);
    }
  });

  it('with content, after it was empty, is read: an empty log has nothing to count twice', async () => {
    const scene = new Scene();
    scene.write(NAME, '');
    await scene.run();
    scene.write(NAME, CONTENT, 1_800_000_000);
    expect(await scene.run()).toMatchObject({ known: 0, extracted: [NAME], failed: [] });
    expect(await scene.run()).toMatchObject({ known: 1, extracted: [], failed: [] });
  });

  it('is not taken for an empty log while its compressed form is only begun', async () => {
    for (const begun of ['', 'x', '\x1f\x8b']) {
      const scene = new Scene();
      scene.write(`${NAME}.gz`, Buffer.from(begun, 'latin1'));
      await expect(scene.run()).rejects.toThrow('it is named as compressed but has no content yet');
    }
  });
});

describe('log files of one name in one run', () => {
  it('count once when one is compressed', async () => {
    const scene = new Scene();
    scene.write(NAME, CONTENT);
    scene.write(`${NAME}.gz`, gzipSync(CONTENT));
    scene.write('b.log', CONTENT);
    scene.write('b.log.zst', gzipSync(CONTENT));
    const account = await scene.run();
    expect(account).toMatchObject({ found: 4, known: 2, extracted: [NAME, 'b.log'], failed: [] });
  });

  it('count once when they are copies in several folders', async () => {
    const scene = new Scene();
    for (const folder of ['a', 'b', 'c/d'])
      scene.write(`${folder}/${NAME}`, CONTENT, folder.length);
    copyFileSync(join(scene.root, 'a', NAME), join(scene.root, 'c', NAME));
    expect(await scene.run()).toMatchObject({ found: 4, known: 3, extracted: [`a/${NAME}`] });
  });

  it('are reported when they differ', async () => {
    const scene = new Scene();
    scene.write(`a/${NAME}`, CONTENT);
    scene.write(`b/${NAME}`, `${CONTENT}more\n`);
    const first = await scene.run();
    expect(first).toMatchObject({ extracted: [`a/${NAME}`], failed: [[`b/${NAME}`, changed]] });
    const second = await scene.run();
    expect(second).toMatchObject({ known: 1, extracted: [], failed: [[`b/${NAME}`, changed]] });
  });

  it('are both read when the first is empty and the second, compressed, is not', async () => {
    const scene = new Scene();
    scene.write(NAME, '');
    scene.write(`${NAME}.gz`, gzipSync(CONTENT));
    const account = await scene.run();
    expect(account).toMatchObject({ known: 0, extracted: [NAME, `${NAME}.gz`], failed: [] });
  });

  it('end a pass when many wait, and count once all the same', async () => {
    const [bounded, free] = [new Scene(3), new Scene()];
    for (const scene of [bounded, free]) {
      for (let i = 0; i < 10; i++) {
        for (const suffix of ['', '.gz', '.zst']) {
          scene.write(`log-${i}${suffix}`, suffix === '' ? CONTENT : gzipSync(CONTENT));
        }
      }
      const account = await scene.run('log-4', 'log-4.gz');
      expect(account).toMatchObject({ found: 30, known: 18, failed: [] });
      expect(account.extracted.sort()).toEqual(
        [...Array.from({ length: 10 }, (_, i) => `log-${i}`), 'log-4.gz', 'log-4.zst'].sort(),
      );
    }
    expect([bounded.mostInPass, free.mostInPass]).toEqual([3, 20]);
  });

  it('do not wait for ever when the first of them cannot be read, as they once did', async () => {
    const scene = new Scene();
    const folders = ['a', 'b', 'c', 'd'];
    for (const folder of folders) scene.write(`${folder}/${NAME}`, CONTENT, folder.charCodeAt(0));
    const paths = folders.map((folder) => `${folder}/${NAME}`);
    const account = await scene.run(paths[0], paths[1]);
    expect(account).toMatchObject({ found: 4, known: 1, extracted: paths.slice(0, 3) });
    expect(await scene.run()).toMatchObject({ known: 4, extracted: [] });
  });

  it('do not wait for ever when none of them can be read', async () => {
    const scene = new Scene();
    for (const folder of ['a', 'b']) scene.write(`${folder}/${NAME}`, folder, folder.charCodeAt(0));
    const paths = [`a/${NAME}`, `b/${NAME}`];
    expect(await scene.run(...paths)).toMatchObject({ known: 0, extracted: paths });
    expect((await scene.run()).extracted).toEqual([paths[0]]);
  });

  it('with other names are two files, whatever their content', async () => {
    const scene = new Scene();
    scene.write('a/access.log', CONTENT);
    scene.write('b/access.log', CONTENT);
    expect((await scene.run()).extracted).toEqual(['a/access.log', 'b/access.log']);
  });

  it('have a size and a time that are those of the file on disk', () => {
    const scene = new Scene();
    scene.write('a.log', CONTENT, 1_700_000_000.25);
    expect(Math.floor(statSync(join(scene.root, 'a.log')).mtimeMs)).toBe(1_700_000_000_250);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { blobKey, uuid } from '../support/dandi-truth.js';
import { readTree } from '../support/published-tree.js';
import { addressOf, logText, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});

/** A Sunday. */
const START = Date.UTC(2024, 5, 2, 23, 59, 58) / 1000;

describe('addresses to skip', () => {
  const lines: TruthLine[] = [1, 2, 3, 5, 3, 2].map((client, n) => ({
    key: blobKey(uuid(n)),
    time: START,
    client,
    bytes: 10n,
  }));
  const expression = `^(198[.]51[.]0[.]2|2001:db8:3::1)$`;

  it('are dropped and counted, by the variable', async () => {
    sandbox.write('log', logText(lines));
    const ended = await sandbox.run(['extract', 'logs', '--mode', 'dandi', '--json'], {
      env: { IPS_TO_SKIP: expression },
    });
    expect(ended.json.lines).toMatchObject({ kept: 2, skipped: 4, notes: { address_skipped: 4 } });
  });

  it('are dropped by an expression that is kept sealed, and never shown', async () => {
    const set = await sandbox.run(['config', 'skip-ips', 'set'], {
      env: { IPS_TO_SKIP: expression },
    });
    expect(set.status).toBe(0);
    const shown = await sandbox.run(['config', 'skip-ips', 'show']);
    expect(shown.stdout).toContain('An expression is kept, sealed.');
    for (const [name, text] of readTree(sandbox.cache)) {
      expect([name, text.includes('198[') || text.includes('198.51')]).toEqual([name, false]);
    }
    expect(set.stdout + set.stderr + shown.stdout + shown.stderr).not.toMatch(/198[.[]/);
    sandbox.write('log', logText([...lines, { ...lines[0], key: 'other' } as TruthLine]));
    const report = await sandbox.done('extract', 'logs', '--mode', 'dandi');
    expect(report.lines).toMatchObject({
      kept: 2,
      skipped: 5,
      notes: { address_skipped: 4, key_not_content: 1 },
    });
    await sandbox.done('config', 'skip-ips', 'clear');
    sandbox.write('more', logText(lines));
    expect((await sandbox.done('extract', 'logs')).lines.kept).toBe(6);
  });

  it('are never given as an argument: what was is refused and not repeated', async () => {
    for (const line of [
      ['config', 'skip-ips', 'set', '^secret[.]'],
      ['config', 'skip-ips', 'set', '-secret'],
      ['config', 'skip-ips', 'set', '--secret'],
      ['config', 'skip-ips', 'set', '--secret=secret'],
      ['config', 'skip-ips', 'secret'],
      ['--json', 'config', 'skip-ips', 'set', 'secret', 'secret'],
      ['config', 'key', 'rotate', 'secret'],
    ]) {
      const ended = await sandbox.run(line);
      expect([line, ended.status, ended.stdout + ended.stderr]).toEqual([
        line,
        2,
        expect.not.stringContaining('secret['),
      ]);
      expect(ended.stderr.replaceAll('may be a secret', '')).not.toMatch(/\bsecret\b(?! when)/);
      expect(ended.stderr).toContain('list of processes');
    }
  });

  it('hold in generic mode, too, and for lines that only the careful parser reads', async () => {
    const odd = lines.map((line) => ({ ...line, agent: 'with [brackets]' }));
    sandbox.write('log', logText([...odd, ...lines]));
    const ended = await sandbox.run(['extract', 'logs', '--json'], {
      env: { IPS_TO_SKIP: addressOf(3) },
    });
    expect(ended.json.lines).toMatchObject({ kept: 8, skipped: 4, notes: { address_skipped: 4 } });
  });

  it('takes no expression that RE2 does not know, and does not repeat it', async () => {
    sandbox.write('log', logText(lines));
    for (const text of ['(unclosed-secret', '(?=secret)', '(a)\\1secret']) {
      const ended = await sandbox.run(['extract', 'logs'], { env: { IPS_TO_SKIP: text } });
      expect(ended.status).toBe(1);
      expect(ended.stderr).toContain('INVALID_SKIP_EXPRESSION');
      expect(ended.stderr).not.toContain('secret');
    }
  });
});

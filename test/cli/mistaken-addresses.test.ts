import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { soundLine } from '../validation/sound-logs.js';

const SECRET = 'canary5f1d8e';
const ADDRESS = `https://somebody:${SECRET}@127.0.0.1:1/x`;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = new Sandbox();
  sandbox.write('one.log', `${soundLine(1)}\n`);
  await sandbox.done('extract', sandbox.logs);
});

describe('an address with a password', () => {
  it.each([
    [['update', 'summaries', '--names', ADDRESS]],
    [['update', 'ip', 'regions', '--database', ADDRESS]],
    [['extract', 'logs', '--pipeline', ADDRESS]],
    [['extract', 'logs', '--inventory', ADDRESS]],
    [['status', '--cache', ADDRESS]],
    [['watch', ADDRESS, '--once']],
    [['import', ADDRESS]],
    [['validate', 'lines', ADDRESS]],
    [['extract', ADDRESS]],
    [['extract', ADDRESS.replace('//', '/')]],
    [['config', 'source', 'set', ADDRESS]],
  ])('in place of a file or folder is not shown: %j', async (line) => {
    const { stdout, stderr, status } = await sandbox.run([...line, '--json']);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/^error: /m);
    expect(stdout + stderr).not.toContain(SECRET);
  });
});

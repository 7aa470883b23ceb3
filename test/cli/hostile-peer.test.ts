import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';

/** More than any line has, and none ends in it. */
const ENDLESS = Buffer.alloc(40 << 20);

it('an import leaves out what no segment holds, and lines that do not end', async () => {
  const sandbox = new Sandbox();
  const peer = join(sandbox.root, 'peer');
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(join(peer, path, '..'), { recursive: true });
    writeFileSync(join(peer, path), content);
  };
  const ledger = 'records/S3LogAccessExtractor_file-processing-end.txt';
  for (const kind of ['start', 'end']) write(ledger.replace('end', kind), 'one.log\n');
  for (const name of ['a', 'b', 'c']) {
    write(`extraction/ds/${name}/timestamps.txt`, '240301000000\n');
    write(`extraction/ds/${name}/bytes_sent.txt`, `${2n ** 63n - 1n}\n`);
    write(`extraction/ds/${name}/full_ips.txt`, '198.51.100.7\n');
  }
  write('extraction/ds/a/bytes_sent.txt', `${2n ** 63n}\n`);
  write('extraction/ds/b/timestamps.txt', ENDLESS);
  const { status, stderr, json } = await sandbox.run(['import', peer, '--json']);
  expect([status, json.objects]).toEqual([3, { imported: 1, known: 0, failed: 2 }]);
  expect(stderr).toContain('Could not import "ds/a": it has a number of bytes that is none');
  expect(stderr).toContain('Could not import "ds/b": it has a line that is longer than any');
  write(ledger, ENDLESS);
  const ended = await sandbox.run(['import', peer, '--json']);
  expect([ended.status, ended.json.error.code]).toEqual([1, 'IMPORT_UNREADABLE']);
});

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';

const sockets: Socket[] = [];
let received = '';
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A server that says something once, then nothing, and never hangs up. */
async function port(...answers: readonly string[]): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    let n = 0;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (n < answers.length) socket.write(answers[n++], 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return (server.address() as AddressInfo).port;
}

const WELCOME = 'R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I';
const ROW =
  'T\0\0\0\x3a\0\x02encoding\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0commit\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0';
const PREPARED = `${ROW}D\0\0\0\x14\0\x02\0\0\0\x04UTF8\0\0\0\x02onC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I`;

it.each([
  ['an error, and the line stays open', ['E\0\0\0\x19SFATAL\0C57P03\0Mno x\0\0']],
  ['all but that its settings are made', [WELCOME, PREPARED]],
])(
  'ends although the server tells no more than %s',
  async (_, answers) => {
    const sandbox = new Sandbox();
    Object.assign(sandbox.env, { PGHOST: '127.0.0.1', PGPORT: String(await port(...answers)) });
    Object.assign(sandbox.env, { PGUSER: 'u', PGDATABASE: 'd' });
    const { status, json } = await sandbox.run(['database', 'usage', '--json']);
    expect([status, json.error.code]).toEqual([1, expect.stringMatching(/^DATABASE_/)]);
  },
  60_000,
);

it('a password does not go over a line that is not encrypted', async () => {
  const sandbox = new Sandbox();
  const plain = await port('R\0\0\0\x08\0\0\0\x03', WELCOME, PREPARED);
  Object.assign(sandbox.env, { PGHOST: '127.0.0.1', PGPORT: String(plain), PGUSER: 'u' });
  Object.assign(sandbox.env, { PGDATABASE: 'd', PGPASSWORD: 'canary-of-a-password' });
  received = '';
  const { status, json, stderr } = await sandbox.run(['database', 'usage', '--json']);
  expect([status, json.error.code]).toEqual([1, 'DATABASE_PLAIN_PASSWORD']);
  expect(received).toContain('user');
  expect(received + stderr + JSON.stringify(json)).not.toContain('canary');
}, 60_000);

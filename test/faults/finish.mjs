// A process that runs command lines of the built program one by one, as told by its parent: starting one for each takes longer than
// most of them do. What they print comes back with their exit status.
import { join } from 'node:path';
import { root } from '../../bin/setup.mjs';

const { runCli } = await import(join(root, 'dist/bin/cli.js'));
const before = { ...process.env };
const said = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr']) {
  process[name].setMaxListeners(0);
  process[name].write = (text, encoding, done) => {
    said[name] += text;
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
}

process.on('message', async ({ args, env }) => {
  said.stdout = '';
  said.stderr = '';
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before, env);
  process.exitCode = 0;
  await runCli(args);
  process.send({ ...said, status: process.exitCode });
  process.exitCode = 0;
});
process.send('ready');

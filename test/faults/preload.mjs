// Loaded into the built program, and into its threads, by NODE_OPTIONS=--import: every operation of node:fs on files below
// FAULT_FOLDER is counted, and one of them goes wrong.
//   FAULT_FOLDER  the cache
//   FAULT_COUNTER a file that grows by a byte with each operation, of whatever thread
//   FAULT_AT      which operation goes wrong, from 1; 0: none
//   FAULT_KIND    an error code (ENOSPC, EIO, ...), `kill`, or `short` (a write or read of fewer bytes)
//   FAULT_LASTS   1: from then on all operations of that kind of access (writing or reading) fail
import { interceptFs, original } from './intercept-fs.mjs';

const { FAULT_FOLDER: folder, FAULT_COUNTER: counter, FAULT_KIND: kind } = process.env;
const at = Number(process.env.FAULT_AT);
const lasts = process.env.FAULT_LASTS === '1';
const count = original.openSync(counter, 'a');

interceptFs(folder, (operation, run) => {
  if (operation.name === 'close' || !suits(operation) || !step()) return run();
  if (kind !== 'short') throw failure(operation);
  return cutShort(operation, run);
});

/** Whether it can fail with this code. */
function suits({ isWrite }) {
  return isWrite || (kind !== 'ENOSPC' && kind !== 'EROFS');
}

/** @returns whether this operation is to go wrong */
function step() {
  original.writeSync(count, '.');
  const n = original.fstatSync(count).size;
  if (at === 0 || (n !== at && !(lasts && n > at))) return false;
  if (kind === 'kill') {
    process.kill(process.pid, 'SIGKILL');
    // It takes a moment: nothing more must happen.
    for (;;) {}
  }
  return true;
}

function failure({ name, path }) {
  const numbers = { ENOSPC: -28, EIO: -5, EACCES: -13, EMFILE: -24, EROFS: -30 };
  const error = new Error(`${kind}: injected, ${name}`);
  return Object.assign(error, { code: kind, errno: numbers[kind], syscall: name, path });
}

/** Half of what was to be written or read. */
function cutShort({ name, args }, run) {
  if (name === 'write') {
    const bytes = typeof args[0] === 'string' ? Buffer.from(args[0]) : args[0];
    const from = typeof args[1] === 'number' ? args[1] : 0;
    const length = typeof args[2] === 'number' ? args[2] : bytes.length - from;
    return run(bytes, from, Math.max(1, length >> 1), args[3] ?? null);
  }
  if (name === 'read' && typeof args[1] === 'number' && args[2] > 1) {
    return run(args[0], args[1], args[2] >> 1, args[3]);
  }
  return run();
}

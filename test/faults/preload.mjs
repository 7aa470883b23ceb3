// Loaded into the built program, and into its threads, by NODE_OPTIONS=--import: every operation of node:fs on files below
// FAULT_FOLDER is counted, and one of them goes wrong. The program itself has no hooks for this.
//   FAULT_FOLDER  the cache
//   FAULT_COUNTER a file that grows by a byte with each operation, of whatever thread
//   FAULT_AT      which operation goes wrong, from 1; 0: none
//   FAULT_KIND    an error code (ENOSPC, EIO, ...), `kill`, or `short` (a write or read of fewer bytes)
//   FAULT_LASTS   1: from then on all operations of that kind of access (writing or reading) fail
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';

const { FAULT_FOLDER: folder, FAULT_COUNTER: counter, FAULT_KIND: kind } = process.env;
const at = Number(process.env.FAULT_AT);
const lasts = process.env.FAULT_LASTS === '1';
const original = { ...fs };
const originalPromises = { ...fs.promises };
const count = original.openSync(counter, 'a');
/** Descriptors of files below the folder. */
const ours = new Set();
let isBroken = false;

function isBelow(path) {
  const text = Buffer.isBuffer(path)
    ? path.toString()
    : path instanceof URL
      ? path.pathname
      : String(path);
  const full = resolve(text);
  return full === folder || full.startsWith(folder + sep);
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
  isBroken = true;
  return true;
}

function failure(syscall, path) {
  const numbers = { ENOSPC: -28, EIO: -5, EACCES: -13, EMFILE: -24, EROFS: -30 };
  const code = kind === 'short' ? 'EIO' : kind;
  const error = new Error(`${code}: injected, ${syscall}`);
  return Object.assign(error, { code, errno: numbers[code], syscall, path });
}

const WRITING = /[wa+]/;

function isWriting(flags) {
  if (typeof flags === 'number') return (flags & 3) !== 0;
  return WRITING.test(String(flags ?? 'r'));
}

/** Which codes an operation can fail with. */
function suits(isWrite) {
  if (kind === 'ENOSPC' || kind === 'EROFS') return isWrite;
  return true;
}

fs.openSync = (path, flags, mode) => {
  if (isBelow(path) && suits(isWriting(flags)) && step() && kind !== 'short')
    throw failure('open', path);
  const fd = original.openSync(path, flags, mode);
  if (isBelow(path)) ours.add(fd);
  return fd;
};
fs.closeSync = (fd) => {
  ours.delete(fd);
  return original.closeSync(fd);
};
fs.writeSync = (fd, data, ...rest) => {
  if (!ours.has(fd) || !suits(true) || !step()) return original.writeSync(fd, data, ...rest);
  if (kind !== 'short') throw failure('write');
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const from = typeof rest[0] === 'number' ? rest[0] : 0;
  const length = typeof rest[1] === 'number' ? rest[1] : bytes.length - from;
  return original.writeSync(fd, bytes, from, Math.max(1, length >> 1), rest[2] ?? null);
};
fs.readSync = (fd, buffer, ...rest) => {
  if (!ours.has(fd) || !suits(false) || !step()) return original.readSync(fd, buffer, ...rest);
  if (kind !== 'short') throw failure('read');
  if (typeof rest[0] !== 'number' || !(rest[1] > 1)) return original.readSync(fd, buffer, ...rest);
  return original.readSync(fd, buffer, rest[0], rest[1] >> 1, rest[2]);
};
for (const name of ['fsyncSync', 'fdatasyncSync', 'fchmodSync', 'ftruncateSync']) {
  fs[name] = (fd, ...rest) => {
    if (ours.has(fd) && suits(true) && step() && kind !== 'short') throw failure(name.slice(0, -4));
    return original[name](fd, ...rest);
  };
}
const WRITERS = [
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
  'rmdirSync',
  'mkdirSync',
  'writeFileSync',
  'chmodSync',
  'utimesSync',
  'copyFileSync',
];
const READERS = ['readFileSync', 'readdirSync', 'opendirSync'];
for (const [names, isWrite] of [
  [WRITERS, true],
  [READERS, false],
]) {
  for (const name of names) {
    fs[name] = (path, ...rest) => {
      const isOurs = typeof path === 'number' ? ours.has(path) : isBelow(path);
      if (isOurs && suits(isWrite) && step() && kind !== 'short')
        throw failure(name.slice(0, -4), path);
      return original[name](path, ...rest);
    };
  }
}
for (const name of [
  'rename',
  'unlink',
  'rm',
  'mkdir',
  'readFile',
  'writeFile',
  'link',
  'readdir',
]) {
  fs.promises[name] = async (path, ...rest) => {
    const isWrite = name !== 'readFile' && name !== 'readdir';
    if (isBelow(path) && suits(isWrite) && step() && kind !== 'short') throw failure(name, path);
    return originalPromises[name](path, ...rest);
  };
}
fs.promises.open = async (path, flags, mode) => {
  const isOurs = isBelow(path);
  if (isOurs && suits(isWriting(flags)) && step() && kind !== 'short') throw failure('open', path);
  const handle = await originalPromises.open(path, flags, mode);
  if (!isOurs) return handle;
  for (const name of [
    'write',
    'writev',
    'writeFile',
    'sync',
    'datasync',
    'read',
    'readFile',
    'chmod',
    'truncate',
  ]) {
    const method = handle[name].bind(handle);
    handle[name] = async (...rest) => {
      const isWrite = name !== 'read' && name !== 'readFile';
      if (suits(isWrite) && step() && kind !== 'short') throw failure(name, path);
      return method(...rest);
    };
  }
  return handle;
};
const { createReadStream } = original;
fs.createReadStream = (path, options) => {
  const stream = createReadStream(path, options);
  if (isBelow(path) && suits(false) && step() && kind !== 'short') {
    process.nextTick(() => stream.destroy(failure('read', path)));
  }
  return stream;
};
syncBuiltinESMExports();
void isBroken;

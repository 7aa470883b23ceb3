// Puts something between the built program and node:fs, for what is below one folder. The program itself has no hooks for
// this: a preload (NODE_OPTIONS=--import) calls `interceptFs` in the process and in each of its threads.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';

/** As they were, for the preload itself. */
export const original = { ...fs };
const originalPromises = { ...fs.promises };
const { spawnSync } = childProcess;

const OF_DESCRIPTOR = {
  fsyncSync: true,
  fdatasyncSync: true,
  fchmodSync: true,
  ftruncateSync: true,
};
/** name -> whether it writes */
const OF_PATH = {
  renameSync: true,
  linkSync: true,
  unlinkSync: true,
  rmSync: true,
  rmdirSync: true,
  mkdirSync: true,
  writeFileSync: true,
  chmodSync: true,
  utimesSync: true,
  copyFileSync: true,
  readFileSync: false,
  readdirSync: false,
  opendirSync: false,
};
const PROMISES = {
  rename: true,
  unlink: true,
  rm: true,
  mkdir: true,
  writeFile: true,
  link: true,
  readFile: false,
  readdir: false,
};
const OF_HANDLE = {
  write: true,
  writev: true,
  writeFile: true,
  sync: true,
  datasync: true,
  chmod: true,
  truncate: true,
  read: false,
  readFile: false,
};

/**
 * @typedef {object} Operation
 * @property {string} name as the system calls it: `open`, `write`, `fsync`, `rename`...
 * @property {boolean} isWrite
 * @property {string} path of the file; of a descriptor, the one it was opened under
 * @property {string} [to] of `rename` and `link`
 * @property {number} [fd]
 * @property {unknown[]} args what the caller gave
 *
 * @param {string} folder
 * @param {(operation: Operation, run: () => unknown) => unknown} around does the operation by calling `run`, or does not. For
 *   operations that give a promise, so does `run`. `write` and `read` may be given other arguments
 */
export function interceptFs(folder, around) {
  /** Descriptors of files below the folder -> path. */
  const ours = new Map();
  const isBelow = (path) => {
    const full = resolve(textOf(path));
    return full === folder || full.startsWith(folder + sep);
  };
  const name = (method) => method.replace(/Sync$/, '');

  fs.openSync = (path, flags, mode) => {
    if (!isBelow(path)) return original.openSync(path, flags, mode);
    const operation = {
      name: 'open',
      isWrite: isWriting(flags),
      path: textOf(path),
      args: [flags],
    };
    const fd = around(operation, () => original.openSync(path, flags, mode));
    ours.set(fd, operation.path);
    return fd;
  };
  fs.closeSync = (fd) => {
    const path = ours.get(fd);
    if (path === undefined) return original.closeSync(fd);
    ours.delete(fd);
    return around({ name: 'close', isWrite: false, path, fd, args: [] }, () =>
      original.closeSync(fd),
    );
  };
  for (const method of ['writeSync', 'readSync']) {
    fs[method] = (fd, ...args) => {
      const path = ours.get(fd);
      if (path === undefined) return original[method](fd, ...args);
      const operation = { name: name(method), isWrite: method === 'writeSync', path, fd, args };
      return around(operation, (...others) =>
        original[method](fd, ...(others.length > 0 ? others : args)),
      );
    };
  }
  for (const [method, isWrite] of Object.entries(OF_DESCRIPTOR)) {
    fs[method] = (fd, ...args) => {
      const path = ours.get(fd);
      if (path === undefined) return original[method](fd, ...args);
      return around({ name: name(method), isWrite, path, fd, args }, () =>
        original[method](fd, ...args),
      );
    };
  }
  for (const [method, isWrite] of Object.entries(OF_PATH)) {
    fs[method] = (path, ...args) => {
      const known =
        typeof path === 'number' ? ours.get(path) : isBelow(path) ? textOf(path) : undefined;
      if (known === undefined) return original[method](path, ...args);
      const operation = { name: name(method), isWrite, path: known, args, ...target(method, args) };
      return around(operation, () => original[method](path, ...args));
    };
  }
  for (const [method, isWrite] of Object.entries(PROMISES)) {
    fs.promises[method] = async (path, ...args) => {
      if (!isBelow(path)) return originalPromises[method](path, ...args);
      const operation = {
        name: method,
        isWrite,
        path: textOf(path),
        args,
        ...target(method, args),
      };
      return around(operation, () => originalPromises[method](path, ...args));
    };
  }
  fs.promises.open = async (path, flags, mode) => {
    if (!isBelow(path)) return originalPromises.open(path, flags, mode);
    const opening = { name: 'open', isWrite: isWriting(flags), path: textOf(path), args: [flags] };
    const handle = await around(opening, () => originalPromises.open(path, flags, mode));
    const { fd } = handle;
    for (const [method, isWrite] of [...Object.entries(OF_HANDLE), ['close', false]]) {
      const own = handle[method].bind(handle);
      handle[method] = async (...args) =>
        around(
          { name: HANDLE_NAMES[method] ?? method, isWrite, path: opening.path, fd, args },
          () => own(...args),
        );
    }
    return handle;
  };
  fs.createReadStream = (path, options) => {
    const stream = original.createReadStream(path, options);
    if (!isBelow(path)) return stream;
    try {
      around({ name: 'read', isWrite: false, path: textOf(path), args: [] }, () => stream);
    } catch (error) {
      process.nextTick(() => stream.destroy(error));
    }
    return stream;
  };
  childProcess.spawnSync = (command, args, options) => {
    if (command !== 'sync') return spawnSync(command, args, options);
    return around({ name: 'syncfs', isWrite: true, path: folder, args }, () =>
      spawnSync(command, args, options),
    );
  };
  syncBuiltinESMExports();
}

const HANDLE_NAMES = {
  sync: 'fsync',
  datasync: 'fdatasync',
  chmod: 'fchmod',
  truncate: 'ftruncate',
};

function target(method, args) {
  return /^(?:rename|link)/.test(method) ? { to: textOf(args[0]) } : {};
}

function textOf(path) {
  if (Buffer.isBuffer(path)) return path.toString();
  return path instanceof URL ? path.pathname : String(path);
}

function isWriting(flags) {
  if (typeof flags === 'number') return (flags & 3) !== 0;
  return /[wa+]/.test(String(flags ?? 'r'));
}

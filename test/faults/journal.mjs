// Loaded into the built program, and into its threads, by NODE_OPTIONS=--import: writes down all that is done to files below
// JOURNAL_FOLDER, in order, with what is in them whenever they are synced, closed or renamed. `disk.mjs` replays it.
//   JOURNAL_FOLDER what is watched
//   JOURNAL_FILE   one line of JSON for each operation that has succeeded
//   JOURNAL_BLOBS  contents, by their SHA-256
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { interceptFs, original } from './intercept-fs.mjs';

const { JOURNAL_FOLDER: folder, JOURNAL_FILE: file, JOURNAL_BLOBS: blobs } = process.env;
const journal = original.openSync(file, 'a');
/** Descriptor -> id of what was opened, its path, and whether it may have been written since it was last looked at. */
const open = new Map();
let opened = 0;

interceptFs(folder, (operation, run) => {
  // Before it is gone.
  if (operation.name === 'close') look(operation.fd);
  const before = operation.name === 'mkdir' ? missingAbove(operation) : undefined;
  const result = run();
  if (result instanceof Promise) {
    return result.then((value) => {
      record(operation, value, before);
      return value;
    });
  }
  record(operation, result, before);
  return result;
});

function record(operation, result, before) {
  const { name, fd, path } = operation;
  if (name === 'open') {
    const descriptor = typeof result === 'number' ? result : result.fd;
    const id = `${threadId}.${++opened}`;
    open.set(descriptor, { id, isFresh: true });
    append({
      name,
      id,
      path: resolve(path),
      isFolder: original.fstatSync(descriptor).isDirectory(),
    });
    if (operation.isWrite) open.get(descriptor).isFresh = false;
  } else if (name === 'close') {
    open.delete(fd);
  } else if (name === 'write' || name === 'ftruncate') {
    if (open.has(fd)) open.get(fd).isFresh = false;
  } else if (name === 'writeFile') {
    append({ name: 'whole', path: resolve(path), ...content(path) });
  } else if (name === 'fsync' || name === 'fdatasync') {
    const own = open.get(fd);
    look(fd);
    append({ name: 'sync', id: own.id });
  } else if (name === 'syncfs') {
    if (result.status === 0) append({ name });
  } else if (name === 'rename' || name === 'link') {
    append({ name, path: resolve(path), to: resolve(operation.to) });
  } else if (name === 'mkdir') {
    for (const made of before) append({ name, path: made });
  } else if (name === 'unlink' || name === 'rm' || name === 'rmdir') {
    append({ name: 'remove', path: resolve(path) });
  }
}

/** Write down what is in a file that is open, if it may be something new. */
function look(fd) {
  const own = open.get(fd);
  if (own === undefined || own.isFresh) return;
  own.isFresh = true;
  // A time that comes back exactly when the state is made again: files are known by it.
  const second = Math.floor((original.fstatSync(fd).mtimeMs / 1000) * 64) / 64;
  original.futimesSync(fd, second, second);
  append({ name: 'content', id: own.id, ...content(`/proc/self/fd/${fd}`) });
}

function content(path) {
  const bytes = original.readFileSync(path);
  const blob = createHash('sha256').update(bytes).digest('hex');
  try {
    original.writeFileSync(join(blobs, blob), bytes, { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  return { blob, modified: original.statSync(path).mtimeMs };
}

/** The folders that `mkdir` makes, the uppermost first. */
function missingAbove({ path, args }) {
  const missing = [];
  let at = resolve(path);
  for (; !original.existsSync(at); at = join(at, '..')) {
    missing.unshift(at);
    if (args[0]?.recursive !== true) break;
  }
  return missing;
}

function append(entry) {
  original.writeSync(journal, `${JSON.stringify(entry)}\n`);
}

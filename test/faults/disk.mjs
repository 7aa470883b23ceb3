// A disk below the program: replays a journal (journal.mjs) and tells what may be left after the power has failed.
//
// What is certain: the content of a file when it was last synced, and the names in a folder when it was last synced (or the
// whole file system was). All that came later may be there or not: names one by one, in any order (a rename within a
// folder is one change), contents not at all, in part, or as zeros of the right length.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/**
 * @typedef {object} Content
 * @property {string} blob SHA-256
 * @property {number} modified milliseconds since 1970
 *
 * A file or folder: `now` and `safe` are the content of a file, or the names in a folder (name -> node), as programs see it and as
 * it is certain to survive.
 */

export class Disk {
  #root;
  #blobs;
  /** Changes of names that are not certain yet, in order. Each: [{ folder, name, node }], no node: the name goes. */
  #pending = [];
  /** Files whose content is not certain yet. */
  #unsafe = new Set();
  #open = new Map();
  #serial = 0;

  /** @param folder what the journal was written of; as it is now, all of it is certain */
  constructor(folder, blobs) {
    this.folder = folder;
    this.#blobs = blobs;
    this.#root = this.#read(folder);
  }

  #read(path) {
    const stats = statSync(path);
    if (!stats.isDirectory()) {
      const bytes = readFileSync(path);
      const blob = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(this.#blobs, blob), bytes);
      const content = { blob, modified: stats.mtimeMs };
      return { serial: this.#serial++, now: content, safe: content };
    }
    const names = new Map(readdirSync(path).map((name) => [name, this.#read(join(path, name))]));
    return { serial: this.#serial++, isFolder: true, now: names, safe: new Map(names) };
  }

  /** One entry of the journal. */
  apply(entry) {
    const { name, id } = entry;
    if (name === 'open') this.#open.set(id, this.#opened(entry));
    else if (name === 'content') this.#write(this.#open.get(id), entry);
    else if (name === 'whole') this.#write(this.#opened(entry), entry);
    else if (name === 'sync') this.#sync(this.#open.get(id));
    else if (name === 'syncfs') this.#syncAll();
    else if (name === 'mkdir') this.#makeFolder(entry.path);
    else if (name === 'remove') this.#remove(entry.path);
    else if (name === 'link') this.#change([[entry.to, this.#find(entry.path)]]);
    else if (name === 'rename') {
      this.#change([
        [entry.path, undefined],
        [entry.to, this.#find(entry.path)],
      ]);
    } else throw new Error(`unknown operation ${name}`);
  }

  /** What a program sees: path -> blob. */
  files() {
    return contents(this.#root, (node) => node.now.blob);
  }

  /** Number of changes, and of files, that may be lost. */
  get uncertain() {
    return this.#pending.length + this.#unsafe.size;
  }

  /**
   * What may be left if the power fails now.
   *
   * @param chooseChange whether the change of names number `n` of `all` is on the disk
   * @param chooseContent of a file whose last content is not certain: `safe`, `empty`, `zeros`, `half` or `now`
   * @returns path -> { blob, modified, zeros?, half? } or, for a folder, null
   */
  after(chooseChange, chooseContent) {
    const names = new Map();
    const namesOf = (folder) => {
      if (!names.has(folder)) names.set(folder, new Map(folder.safe));
      return names.get(folder);
    };
    this.#pending.forEach((changes, n) => {
      if (!chooseChange(n, this.#pending.length)) return;
      for (const { folder, name, node } of changes) {
        if (node === undefined) namesOf(folder).delete(name);
        else namesOf(folder).set(name, node);
      }
    });
    const left = new Map();
    const walk = (folder, path) => {
      for (const [name, node] of namesOf(folder)) {
        const own = path === '' ? name : `${path}/${name}`;
        if (node.isFolder) {
          left.set(own, null);
          walk(node, own);
        } else left.set(own, leftOf(node, chooseContent));
      }
    };
    walk(this.#root, '');
    return left;
  }

  /** Of two threads that make a folder at once, one does. */
  #makeFolder(path) {
    if (this.#find(path) === undefined) this.#change([[path, newFolder(this.#serial++)]]);
  }

  #opened({ path, isFolder = false }) {
    const known = this.#find(path);
    if (known !== undefined) return known;
    if (isFolder) throw new Error(`the journal does not say who made ${path}`);
    const node = { serial: this.#serial++, now: EMPTY, safe: EMPTY };
    this.#change([[path, node]]);
    return node;
  }

  #write(node, { blob, modified }) {
    node.now = { blob, modified };
    if (node.safe.blob !== blob) this.#unsafe.add(node);
    else node.safe = node.now;
  }

  #sync(node) {
    this.#unsafe.delete(node);
    if (!node.isFolder) {
      node.safe = node.now;
      return;
    }
    // A rename from one folder to another is one change: it is certain when either is.
    const isSafe = (changes) => changes.some(({ folder }) => folder === node);
    for (const change of this.#pending.filter(isSafe).flat()) {
      setName(change.folder.safe, change.name, change.node);
    }
    this.#pending = this.#pending.filter((changes) => !isSafe(changes));
  }

  #syncAll() {
    const walk = (node) => {
      node.safe = node.isFolder ? new Map(node.now) : node.now;
      if (node.isFolder) for (const child of node.now.values()) walk(child);
    };
    walk(this.#root);
    this.#pending = [];
    this.#unsafe.clear();
  }

  #remove(path) {
    const node = this.#find(path);
    if (node === undefined) return;
    if (node.isFolder) for (const name of [...node.now.keys()]) this.#remove(join(path, name));
    this.#change([[path, undefined]]);
  }

  #change(changes) {
    const own = changes.map(([path, node]) => {
      const folder = this.#find(dirname(path));
      if (folder === undefined)
        throw new Error(`the journal does not say who made ${dirname(path)}`);
      return { folder, name: basename(path), node };
    });
    for (const { folder, name, node } of own) setName(folder.now, name, node);
    this.#pending.push(own);
  }

  #find(path) {
    let node = this.#root;
    for (const name of relative(this.folder, path).split(sep)) {
      if (name !== '') node = node?.now.get(name);
    }
    return node;
  }

  /** Put what is left into a folder that does not exist yet. */
  write(left, folder) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [path, content] of left) {
      const to = join(folder, path);
      if (content === null) {
        mkdirSync(to, { mode: 0o700 });
        continue;
      }
      const blob = join(this.#blobs, content.blob);
      if (content.blob === EMPTY.blob) writeFileSync(to, '', { mode: 0o600 });
      else if (content.zeros) writeFileSync(to, Buffer.alloc(statSync(blob).size), { mode: 0o600 });
      else if (content.half) {
        const bytes = readFileSync(blob);
        writeFileSync(to, bytes.subarray(0, bytes.length >> 1), { mode: 0o600 });
      } else {
        copyFileSync(blob, to);
        chmodSync(to, 0o600);
      }
      utimesSync(to, new Date(content.modified), content.modified / 1000);
    }
  }
}

/** Of a file that was made and never written. */
const EMPTY = { blob: createHash('sha256').digest('hex'), modified: 0 };

function newFolder(serial) {
  return { serial, isFolder: true, now: new Map(), safe: new Map() };
}

function setName(names, name, node) {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

function leftOf(node, choose) {
  if (node.now.blob === node.safe.blob) return node.now;
  const chosen = choose();
  const { modified } = node.now;
  if (chosen === 'safe') return node.safe;
  if (chosen === 'empty') return { ...EMPTY, modified };
  if (chosen === 'zeros') return { ...node.now, zeros: true };
  return chosen === 'half' ? { ...node.now, half: true } : node.now;
}

function contents(folder, value, path = '', found = new Map()) {
  for (const [name, node] of folder.now) {
    const own = path === '' ? name : `${path}/${name}`;
    if (node.isFolder) contents(node, value, own, found);
    else found.set(own, value(node));
  }
  return found;
}

// On what, and of what, results are.
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { root } from '../../bin/setup.mjs';

export function machine() {
  const [{ model }] = cpus();
  return {
    cpu: model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  };
}

/** Kind and options of the file system a folder is on; null where /proc does not tell. */
export function fileSystem(folder) {
  try {
    const path = `${realpathSync(folder)}/`;
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
    const holds = ([, point]) => path.startsWith(point === '/' ? '/' : `${point}/`);
    const [found] = mounts
      .filter((mount) => mount.length > 3 && holds(mount))
      .sort((a, b) => b[1].length - a[1].length);
    return `${found[2]} (${found[3]})`;
  } catch {
    return null;
  }
}

/** The commit that was measured, and whether anything was changed since; null without git. */
export function commit() {
  const head = git('rev-parse', '--short', 'HEAD');
  if (head === null) return null;
  return { id: head, changed: git('status', '--porcelain', '--untracked-files=no') !== '' };
}

function git(...args) {
  const result = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : null;
}

// Runs programs on log files and measures them. No shell: argument lists, in batches.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const BATCH_BYTES = 100_000;
const SAMPLE_MS = 25;

/**
 * Run a program to its end.
 *
 * @returns seconds of wall time, its standard output, and its peak resident memory in MB (1e6 bytes;
 *   null where /proc does not tell)
 */
export function measure(command, args, { env = process.env, stdout = 'pipe' } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { env, stdio: ['ignore', stdout, 'pipe'] });
    const output = [];
    const errors = [];
    let peakMemoryMb = null;
    // VmHWM is itself a peak, so that only growth in the last moment could be missed.
    const sampler = setInterval(() => {
      peakMemoryMb = peakMemory(child.pid) ?? peakMemoryMb;
    }, SAMPLE_MS);
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => errors.push(chunk));
    child.on('error', (error) => {
      clearInterval(sampler);
      reject(error);
    });
    child.on('close', (status) => {
      const seconds = (performance.now() - started) / 1e3;
      clearInterval(sampler);
      const text = Buffer.concat(errors).toString('utf8');
      if (status !== 0) reject(new Error(`${command} ended with status ${status}: ${text}`));
      else resolve({ seconds, peakMemoryMb, stdout: Buffer.concat(output).toString('utf8') });
    });
  });
}

function peakMemory(pid) {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Math.round((Number(kib) * 1_024) / 1e6);
  } catch {
    return undefined;
  }
}

/** Run a program over many files, as `xargs` would. @returns seconds and all lines printed */
export async function measureOverFiles(command, args, files, { discard = false } = {}) {
  const nowhere = discard ? openSync('/dev/null', 'w') : 'pipe';
  const env = { ...process.env, LC_ALL: 'C' };
  const lines = [];
  let seconds = 0;
  for (const batch of batches(files)) {
    const result = await measure(command, [...args, ...batch], { env, stdout: nowhere });
    seconds += result.seconds;
    lines.push(...result.stdout.trim().split('\n'));
  }
  if (discard) closeSync(nowhere);
  return { seconds, lines };
}

function batches(files) {
  const all = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (bytes + file.length > BATCH_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all[all.length - 1].push(file);
    bytes += file.length + 1;
  }
  return all;
}

/** Absolute paths of all files below a folder. */
export function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export function totalBytes(files) {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Whether a program is there to be run. */
export async function isInstalled(command) {
  return measure(command, ['--version']).then(
    () => true,
    () => false,
  );
}

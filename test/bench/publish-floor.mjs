// The least that publishing can cost: as many files as are published, of the same sizes, are written beside the old
// ones in two threads, made durable together and given their names. Nothing is read, summed up or formatted.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { filesBelow } from './measure.mjs';

const THREADS = 2;

/**
 * @param folder of published files; what stands in them is lost
 * @returns how many files, and seconds
 */
export async function publishFloor(folder) {
  const files = filesBelow(folder).map((path) => ({ path, bytes: statSync(path).size }));
  const shares = Array.from({ length: THREADS }, (_, n) =>
    files.filter((_, i) => Math.floor((i / files.length) * THREADS) === n),
  );
  const threads = shares.map(
    (share) => new Worker(new URL(import.meta.url), { workerData: share }),
  );
  const all = (message) =>
    Promise.all(
      threads.map((thread) => {
        const done = new Promise((resolve, reject) => {
          thread.once('message', resolve);
          thread.once('error', reject);
        });
        thread.postMessage(message);
        return done;
      }),
    );
  await all('start');
  const started = performance.now();
  await all('write');
  execFileSync('sync', ['-f', folder]);
  await all('rename');
  const seconds = (performance.now() - started) / 1e3;
  await Promise.all(threads.map((thread) => thread.terminate()));
  return { files: files.length, seconds: Number(seconds.toFixed(2)) };
}

function serve(share) {
  const bytes = Buffer.alloc(Math.max(1, ...share.map((file) => file.bytes)), 'x');
  const steps = { start: () => {}, write, rename: ({ path }) => renameSync(`${path}.tmp`, path) };
  function write({ path, bytes: length }) {
    const fd = openSync(`${path}.tmp`, 'wx');
    for (let done = 0; done < length; ) done += writeSync(fd, bytes, done, length - done);
    closeSync(fd);
  }
  parentPort.on('message', (step) => {
    for (const file of share) steps[step](file);
    parentPort.postMessage(step);
  });
}

if (!isMainThread && Array.isArray(workerData)) serve(workerData);

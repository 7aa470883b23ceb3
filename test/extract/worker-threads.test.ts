import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { WorkerThreads } from '../../src/extract/worker-threads.js';

/** Answers everything, or ends at once. */
function threads(count: number, codes: string[]): { made: Worker[]; threads: WorkerThreads } {
  const made: Worker[] = [];
  const start = (): Worker => {
    const thread = new Worker(codes.shift() ?? ECHO, { eval: true });
    made.push(thread);
    return thread;
  };
  return { made, threads: new WorkerThreads(count, start) };
}

const ECHO = `require('worker_threads').parentPort.on('message', (m) => require('worker_threads').parentPort.postMessage(m))`;

async function answers(thread: Worker): Promise<unknown> {
  const answer = once(thread, 'message');
  thread.postMessage('anybody there?');
  return (await answer)[0];
}

test.each(['process.exit(3)', 'throw new Error("no memory")'])(
  'a thread that ended while nobody listened (%s) is given to nobody',
  async (code) => {
    const { made, threads: own } = threads(2, [code, ECHO]);
    await new Promise((resolve) => made[0]?.on('exit', resolve));
    const taken = [own.take(), own.take()];
    expect(taken).not.toContain(made[0]);
    for (const thread of taken) expect(await answers(thread)).toBe('anybody there?');
    expect(made.length).toBe(3);
    await Promise.all(taken.map((thread) => thread.terminate()));
  },
);

test('those that nobody took are ended, others are not', async () => {
  const { made, threads: own } = threads(2, []);
  const taken = own.take();
  const ended = Promise.all(
    made.filter((thread) => thread !== taken).map((thread) => once(thread, 'exit')),
  );
  await own.close();
  await ended;
  expect(await answers(taken)).toBe('anybody there?');
  await taken.terminate();
});

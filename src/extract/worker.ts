import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { fileAccessError } from '../../cache/error.js';
import { InternalError } from '../../cache/internal-error.js';
import { createBulkSealer } from '../../cache/seal-many.js';
import { sealingKeyFromBytes } from '../../cache/sealing-key-bytes.js';
import { LineFeeder } from './line-feeder.js';
import { whyNoLog } from './no-log.js';
import { type PlannedFile, unpackFiles } from './packed-files.js';
import {
  LargeContentError,
  type OnProgress,
  type ReadFile,
  readLogFile,
  readLogFilePart,
  readSmallFile,
  UnreadableFileError,
} from './read-log-file.js';
import type { ObjectReader } from './read-object.js';
import { NOTES, REASONS } from './reasons.js';
import { RecordBatch, type RecordChoice } from './record-batch.js';
import { RecordOrigins } from './record-origins.js';
import type { RecordPipeline } from './record-pipeline.js';
import { emptyAccount, resetAccount } from './scan-lines.js';
import { SegmentStore } from './segment-store.js';
import {
  FILE_NUMBERS,
  type FileNumbers,
  type PartRequest,
  type SerializedError,
  type SettleRequest,
  type SetupMessage,
  STOPPED,
  type WorkerMessage,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSetup,
} from './worker-messages.js';

const account = emptyAccount();
/** Comes before the first request. */
let setup: WorkerSetup;
let store: SegmentStore;
let pipeline: RecordPipeline | undefined;
/** Made for the first request, so that it is told when they cannot be. */
let batch: RecordBatch;
let feeder: LineFeeder;
/** Made for the first object of a bucket. */
let objects: ObjectReader | undefined;

/** A file that cannot be shared is given up on a stop when more than this of it is left. */
const FINISH_BYTES = 128 << 20;

/** More rejected lines of one file are not held: it is read by a commit of its own. */
const MOST_HELD_REJECTS = 1 << 20;

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  if (batch === undefined) await prepare();
  feeder ??= new LineFeeder(batch);
  await store.keepUp();
  const { commit } = request;
  switch (request.kind) {
    case 'files': {
      const files = unpackFiles(request.files);
      const outcome = new Outcome(files.length);
      const { access } = request;
      if (access !== undefined) {
        await (await objectReader()).readAll(files, access, async (file, index, object) => {
          await makeRoom(commit);
          await readSmall(index, file, outcome, (onProgress) =>
            object.feed(false, feeder, onProgress),
          );
        });
        return { kind: 'files', ...outcome };
      }
      for (const [index, file] of files.entries()) {
        await makeRoom(commit);
        await readSmall(
          index,
          file,
          outcome,
          (onProgress) =>
            readSmallFile(file, feeder, onProgress) ?? readLogFile(file, false, feeder, onProgress),
        );
      }
      return { kind: 'files', ...outcome };
    }
    case 'part': {
      const outcome = new Outcome(1);
      await readPart(request, outcome);
      return { kind: 'part', ...outcome };
    }
    case 'flush': {
      store.write(batch, commit);
      store.settle().then((segments) => post({ kind: 'stored', commit, segments }), fail);
      return { kind: 'flush' };
    }
    case 'drop': {
      batch.clear();
      const { records, rejects, outputs } = await store.settle();
      for (const { file } of [...records, ...rejects, ...outputs]) {
        unlinkSync(join(setup.segmentsFolder, file));
      }
      await pipeline?.rollback(request.commit);
      return { kind: 'drop' };
    }
  }
}

async function prepare(): Promise<void> {
  const choice = await recordChoice(setup);
  let origins: RecordOrigins | undefined;
  if (setup.pipeline !== undefined) {
    const { loadHandlers } = await import('../pipeline/load-handlers.js');
    const module = await import('./record-pipeline.js');
    const loaded = await loadHandlers(setup.pipeline);
    origins = new RecordOrigins({ agents: loaded.needs.has('agent') });
    pipeline = new module.RecordPipeline(loaded, origins, (level, message) =>
      post({ kind: 'log', level, message }),
    );
  }
  const sealer = createBulkSealer(sealingKeyFromBytes(setup.sealingKey));
  store = new SegmentStore(setup.segmentsFolder, `w${setup.index}`, sealer, pipeline);
  batch = new RecordBatch(setup.limits, { ...choice, origins });
}

async function makeRoom(commit: string): Promise<void> {
  if (!batch.isFull()) return;
  store.write(batch, commit);
  await store.keepUp();
}

/** The expressions' library is loaded only where there is one. */
async function recordChoice({ mode, skippedAddresses }: WorkerSetup): Promise<RecordChoice> {
  if (skippedAddresses === undefined) return { mode };
  const { AddressFilter } = await import('./address-filter.js');
  return { mode, addressFilter: (core) => new AddressFilter(core, skippedAddresses) };
}

/** What is told of the files of one request. */
class Outcome implements FileNumbers {
  readonly numbers: Float64Array;
  readonly failures: [number, string][] = [];
  readonly large: number[] = [];
  readonly reasons = new Float64Array(REASONS.length);
  readonly notes = new Float64Array(NOTES.length);

  constructor(files: number) {
    this.numbers = new Float64Array(files * FILE_NUMBERS.length);
  }
}

function succeeded(index: number, read: ReadFile, outcome: Outcome): void {
  const { lines, kept, skipped, rejected } = account;
  const numbers = [lines, kept, skipped, rejected, read.contentBytes, read.encoding, read.check];
  outcome.numbers.set(numbers, index * FILE_NUMBERS.length);
  for (let reason = 0; reason < outcome.reasons.length; reason++) {
    outcome.reasons[reason] += account.reasons[reason];
  }
  for (let note = 0; note < outcome.notes.length; note++)
    outcome.notes[note] += account.notes[note];
}

/** Loaded where there is a bucket to read. */
async function objectReader(): Promise<ObjectReader> {
  if (objects === undefined) {
    const module = await import('./read-object.js');
    objects = new module.ObjectReader();
  }
  return objects;
}

async function readSmall(
  index: number,
  file: PlannedFile,
  outcome: Outcome,
  read: (onProgress: OnProgress) => ReadFile | Promise<ReadFile>,
): Promise<void> {
  const mark = batch.mark();
  resetAccount(account);
  const onProgress = (bytes: number): void => {
    countProgress(bytes);
    if (batch.rejects.rows - mark.rejects > MOST_HELD_REJECTS) throw new LargeContentError();
  };
  try {
    feeder.begin(file.name, account);
    const found = await read(onProgress);
    const why = setup.refusesNonLogs ? whyNoLog(account.lines, account.reasons) : undefined;
    if (why !== undefined) throw new UnreadableFileError(why);
    succeeded(index, found, outcome);
  } catch (error) {
    batch.rollback(mark);
    if (error instanceof LargeContentError) outcome.large.push(index);
    else outcome.failures.push([index, failureOf(error)]);
  }
}

/** Feed a file, or the part of it from a place on, from where it lies. */
async function readRange(
  { file, range, access }: PartRequest,
  from: number,
  onProgress: OnProgress,
): Promise<ReadFile> {
  if (access === undefined) {
    if (range === undefined) return readLogFile(file, true, feeder, onProgress);
    return readLogFilePart(file, from, feeder, onProgress);
  }
  const reader = await objectReader();
  if (range === undefined) return reader.readWhole(file, access, feeder, onProgress);
  return reader.readPart(file, from, range.end, access, feeder, onProgress);
}

async function readPart(request: PartRequest, outcome: Outcome): Promise<void> {
  const { file, range, commit } = request;
  let left = range === undefined ? file.sizeBytes : 0;
  const onProgress = (bytes: number): void | Promise<void> => {
    countProgress(bytes);
    left -= bytes;
    if (left > FINISH_BYTES && Atomics.load(setup.stopFlag, 0) !== 0) {
      throw new UnreadableFileError(STOPPED);
    }
    if (batch.isFull()) store.write(batch, commit);
    if (!store.isBehind) return undefined;
    const waits = store.keepUp();
    // Who reads a plain file does not wait; a failure is told by the next write.
    waits.catch(() => undefined);
    return waits;
  };
  resetAccount(account);
  try {
    const from = feeder.begin(file.name, account, range?.start, range?.end);
    succeeded(0, await readRange(request, from, onProgress), outcome);
  } catch (error) {
    outcome.failures.push([0, failureOf(error)]);
  }
}

function countProgress(bytes: number): void {
  if (bytes > 0) Atomics.add(setup.progress, setup.index, BigInt(bytes));
}

/** @throws whatever is not about this one file */
function failureOf(error: unknown): string {
  if (error instanceof UnreadableFileError) return error.message;
  throw error;
}

function serialize(error: unknown): SerializedError {
  const known = fileAccessError(error) ?? new InternalError('extracting log files', error);
  const { code, message, hint, exitCode } = known;
  return { code, message, hint, exitCode };
}

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** A failed stream is as if it had never been, and so are all that are not real yet: the run ends. */
async function fail(error: unknown): Promise<void> {
  try {
    await pipeline?.rollback();
  } finally {
    post({ kind: 'error', error: serialize(error) });
  }
}

async function settle({ commit, isReal }: SettleRequest): Promise<void> {
  try {
    if (isReal && commit !== undefined) await pipeline?.commit(commit);
    else await pipeline?.rollback(commit);
  } finally {
    // Whatever became of it: somebody waits.
    post({ kind: 'settled', commit });
  }
}

parentPort?.on('message', (request: WorkerRequest | SettleRequest | SetupMessage) => {
  if (request.kind === 'setup') {
    setup = request.setup;
    return;
  }
  if (request.kind === 'settle') {
    settle(request).catch(fail);
    return;
  }
  answer(request).then(post, fail);
});

import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { S3LogExtractionError } from '../../cache/error.js';
import { createSealer } from '../../cache/seal.js';
import { sealingKeyFromBytes } from '../../cache/sealing-key.js';
import { LineFeeder } from './line-feeder.js';
import {
  LargeContentError,
  type ReadFile,
  readLogFile,
  readLogFilePart,
  UnreadableFileError,
} from './read-log-file.js';
import { NOTES, REASONS } from './reasons.js';
import { RecordBatch } from './record-batch.js';
import { emptyAccount, resetAccount } from './scan-lines.js';
import {
  FILE_NUMBERS,
  type FilesReply,
  type LargeFileRequest,
  type PlannedFile,
  type SerializedError,
  STOPPED,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSetup,
} from './worker-messages.js';
import { type WrittenSegments, writeBatch } from './write-batch.js';

const setup = workerData as WorkerSetup;
const sealer = await createSealer(sealingKeyFromBytes(setup.sealingKey));
const batch = new RecordBatch(setup.limits);
const feeder = new LineFeeder(batch);
const account = emptyAccount();

/** Segments written for the commit in hand because the batch was full. */
let written = nothingWritten();
/** A file that cannot be shared is given up on a stop when more than this of it is left. */
const FINISH_BYTES = 128 << 20;
let sequence = 0;

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  if (request.kind === 'files') {
    const outcome = new Outcome(request.files.length);
    for (const [index, file] of request.files.entries()) {
      if (batch.isFull()) flush(request.commit);
      await readSmall(index, file, request.commit, outcome);
    }
    return { kind: 'files', ...outcome };
  }
  flush(request.commit);
  if (request.kind === 'large file') {
    const outcome = new Outcome(1);
    const { file, part, commit } = request;
    const segments = await readLarge(0, file, part, commit, outcome);
    return { kind: 'large file', ...outcome, segments };
  }
  const segments = written;
  written = nothingWritten();
  return { kind: 'flush', segments };
}

/** What is told of the files of one request. */
class Outcome implements Omit<FilesReply, 'kind'> {
  readonly numbers: Float64Array;
  readonly failures: [number, string][] = [];
  readonly reasons = new Uint32Array(REASONS.length);
  readonly notes = new Uint32Array(NOTES.length);

  constructor(files: number) {
    this.numbers = new Float64Array(files * FILE_NUMBERS.length);
  }
}

function succeeded(index: number, read: ReadFile, outcome: Outcome): void {
  const { lines, kept, skipped, rejected } = account;
  const numbers = [lines, kept, skipped, rejected, read.contentBytes, read.encoding, read.check];
  outcome.numbers.set(numbers, index * FILE_NUMBERS.length);
  account.reasons.forEach((count, reason) => {
    outcome.reasons[reason] += count;
  });
  account.notes.forEach((count, note) => {
    outcome.notes[note] += count;
  });
}

async function readSmall(
  index: number,
  file: PlannedFile,
  commit: string,
  outcome: Outcome,
): Promise<void> {
  const mark = batch.mark();
  resetAccount(account);
  try {
    feeder.begin(file.name, account);
    succeeded(index, await readLogFile(file, false, feeder, countProgress), outcome);
  } catch (error) {
    batch.rollback(mark);
    if (error instanceof LargeContentError) {
      flush(commit);
      const segments = await readLarge(index, file, undefined, commit, outcome);
      written.records.push(...segments.records);
      written.rejects.push(...segments.rejects);
    } else {
      outcome.failures.push([index, failureOf(error)]);
    }
  }
}

/** Read a file of any size into segments of its own; the batch must be empty. */
async function readLarge(
  index: number,
  file: PlannedFile,
  part: LargeFileRequest['part'],
  commit: string,
  outcome: Outcome,
): Promise<WrittenSegments> {
  const segments = nothingWritten();
  const write = (): void =>
    writeBatch(batch, setup.segmentsFolder, nextStem(commit), sealer, segments);
  let left = part === undefined ? file.sizeBytes : 0;
  const onProgress = (bytes: number): void => {
    countProgress(bytes);
    left -= bytes;
    if (left > FINISH_BYTES && Atomics.load(setup.stopFlag, 0) !== 0) {
      throw new UnreadableFileError(STOPPED);
    }
    if (batch.isFull()) write();
  };
  resetAccount(account);
  try {
    const from = feeder.begin(file.name, account, part?.start, part?.end);
    const read =
      part === undefined
        ? await readLogFile(file, true, feeder, onProgress)
        : await readLogFilePart(file, from, feeder, onProgress);
    write();
    succeeded(index, read, outcome);
    return segments;
  } catch (error) {
    batch.clear();
    for (const segment of [...segments.records, ...segments.rejects]) {
      unlinkSync(join(setup.segmentsFolder, segment.file));
    }
    outcome.failures.push([index, failureOf(error)]);
    return nothingWritten();
  }
}

function flush(commit: string): void {
  if (batch.isEmpty()) batch.clear();
  else writeBatch(batch, setup.segmentsFolder, nextStem(commit), sealer, written);
}

function nextStem(commit: string): string {
  return `${commit}-w${setup.index}-${++sequence}`;
}

function nothingWritten(): WrittenSegments {
  return { records: [], rejects: [] };
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
  if (error instanceof S3LogExtractionError) {
    const { code, message, hint, exitCode } = error;
    return { code, message, hint, exitCode };
  }
  // Not a message of ours: it could quote what it was working on, so only its place is told.
  const place = (error as Error).stack?.split('\n').find((text) => text.trim().startsWith('at '));
  return {
    code: 'INTERNAL_ERROR',
    message: `An extraction worker failed: ${(error as Error).name} ${place?.trim() ?? ''}`,
    hint: 'This is a defect of s3logextraction: please report it with this message.',
    exitCode: 1,
  };
}

parentPort?.on('message', (request: WorkerRequest) => {
  answer(request).then(
    (reply) => parentPort?.postMessage(reply),
    (error: unknown) =>
      parentPort?.postMessage({ kind: 'error', error: serialize(error) } satisfies WorkerReply),
  );
});

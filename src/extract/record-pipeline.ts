import { S3LogExtractionError } from '../../cache/error.js';
import { holdsAddress } from '../ip/holds-address.js';
import type { LoadedPipeline } from '../pipeline/load-handlers.js';
import { toldText } from '../pipeline/reason-of.js';
import { type RecordEnv, RecordEvents, type RecordPartition } from '../pipeline/record-events.js';
import { Stream, StreamEndedError } from '../pipeline/stream.js';
import { MADE_LINE_BYTES, type RecordBatch } from './record-batch.js';
import type { RecordOrigins } from './record-origins.js';

/** What the handlers made of the records in hand. */
export interface PipelineOutcome {
  /** Rows that stay, by their tags. */
  readonly partitions: readonly RecordPartition[];
  /** Records dropped, by log file. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Lines by output. */
  readonly outputs: ReadonlyMap<string, readonly string[]>;
}

export type PipelineLog = RecordEnv['log'];

/** A handler left something that no cache may hold. */
export class PipelineColumnsError extends S3LogExtractionError {
  constructor(why: string) {
    super('PIPELINE_INVALID_RECORDS', `The pipeline left records that cannot be stored: ${why}.`, {
      hint: 'Nothing of it was committed: mend the handler that changes records, and run the same command again.',
    });
  }
}

/** A handler wrote an address into an output. */
export class PipelineAddressError extends S3LogExtractionError {
  constructor(output: string) {
    super('PIPELINE_ADDRESS', `A handler wrote an address into the output ${output}.`, {
      hint: 'Outputs are not sealed: write counts, or ids, instead. Nothing of it was committed.',
    });
  }
}

const OUTPUT = /^[a-z][a-z0-9]{0,15}$/;
const MOST_OUTPUT_CHARACTERS = 64 << 20;
/** Beyond the year 9999, which a log may name. */
const MOST_SECONDS = 2 ** 38;

/** Runs the handlers over the records that a worker has in hand, and keeps the streams of each commit until that is real. */
export class RecordPipeline {
  readonly #streams = new Map<string, Stream<RecordEvents, RecordEnv>[]>();
  /** The run has failed: nothing of it that is not real will be. */
  #isOver = false;

  constructor(
    private readonly pipeline: LoadedPipeline,
    private readonly origins: RecordOrigins,
    private readonly log: PipelineLog,
  ) {}

  /**
   * Have fresh handlers take all records of a batch.
   *
   * @param name of the stream: unique within the commit
   * @throws {HandlerFailedError} @throws {PipelineColumnsError} @throws {PipelineAddressError}
   */
  handle(batch: RecordBatch, commit: string, name: string): PipelineOutcome {
    const outputs = new Map<string, string[]>();
    const env = this.envOf(name, outputs);
    if (this.#isOver) throw new StreamEndedError(name);
    const stream = new Stream(this.pipeline.factories, env);
    // Before anything can throw: it is rolled back with all others of the commit.
    const ofCommit = this.#streams.get(commit);
    if (ofCommit === undefined) this.#streams.set(commit, [stream]);
    else ofCommit.push(stream);
    const events = new RecordEvents(columnsOf(batch, this.origins));
    if (stream.handle(events) !== events) {
      throw new PipelineColumnsError('a handler returned other events than it was given');
    }
    requireSane(events, batch);
    requireNoAddress(outputs);
    const dropped = function* (): Generator<number> {
      for (let row = 0; row < events.rows; row++) if (events.isDropped(row)) yield row;
    };
    return {
      partitions: events.partitions(),
      dropped: events.dropped === 0 ? new Map() : this.origins.countByFile(dropped()),
      outputs,
    };
  }

  /** The commit is real. */
  async commit(commit: string): Promise<void> {
    for (const stream of this.take(commit)) await stream.commit();
  }

  /** The commit will never be. @param commit undefined: none of those in hand, and none after them */
  async rollback(commit?: string): Promise<void> {
    if (commit === undefined) this.#isOver = true;
    const commits = commit === undefined ? [...this.#streams.keys()] : [commit];
    for (const one of commits) {
      for (const stream of this.take(one)) await stream.rollback();
    }
  }

  private take(commit: string): Stream<RecordEvents, RecordEnv>[] {
    const streams = this.#streams.get(commit) ?? [];
    this.#streams.delete(commit);
    return streams;
  }

  private envOf(name: string, outputs: Map<string, string[]>): RecordEnv {
    let characters = 0;
    return {
      stream: name,
      shared: new Map(),
      log: (level, message) => this.log(level, toldText(message)),
      write(output, line) {
        if (!OUTPUT.test(output)) {
          throw new RangeError('the name of an output is 1 to 16 of a-z and 0-9, a letter first');
        }
        if (typeof line !== 'string' || /[\n\r]/.test(line)) {
          throw new RangeError('what is written is not one line of text');
        }
        characters += line.length + 1;
        if (characters > MOST_OUTPUT_CHARACTERS) throw new RangeError('its output is too large');
        const lines = outputs.get(output);
        if (lines === undefined) outputs.set(output, [line]);
        else lines.push(line);
      },
    };
  }
}

function columnsOf(batch: RecordBatch, origins: RecordOrigins) {
  const { rows, keyIds, times, requesterIds, bytesLow, bytesHigh, downloads } = batch;
  return {
    rows,
    keyIds,
    times,
    requesterIds,
    bytesLow,
    bytesHigh,
    downloads,
    agentIds: origins.agentIds,
    agentText: (id: number) => origins.agentText(id),
    keyText(id: number): string {
      const { bytes, offsets } = batch.keys;
      return Buffer.from(
        bytes.buffer,
        bytes.byteOffset + offsets[id],
        offsets[id + 1] - offsets[id],
      ).toString('utf8');
    },
    internKey(key: string): number {
      const bytes = Buffer.from(key, 'utf8');
      if (bytes.length >= MADE_LINE_BYTES) throw new RangeError('the key is too long');
      try {
        return batch.internKey(bytes);
      } catch (error) {
        if (!(error instanceof WebAssembly.RuntimeError)) throw error;
        throw new RangeError('there is no room for so many other keys');
      }
    },
    requestersIn: (ranges: { has(address: Uint8Array): boolean }) =>
      batch.judgeAddresses((address) => ranges.has(address)),
  };
}

/** What handlers may change is checked: a defect of theirs must not become a damaged segment. */
function requireSane(events: RecordEvents, batch: RecordBatch): void {
  const keys = batch.keys.count;
  const { rows, times, downloads, keyIds, requesterIds } = events;
  const requesters = batch.requesterCount;
  for (let row = 0; row < rows; row++) {
    const time = times[row];
    if (!(Number.isInteger(time) && Math.abs(time) < MOST_SECONDS)) {
      throw new PipelineColumnsError('a time is no whole number of seconds of this era');
    }
    if (downloads[row] > 1) throw new PipelineColumnsError('a download flag is neither 0 nor 1');
    if (keyIds[row] >= keys) throw new PipelineColumnsError('a key has an id that there is not');
    if (requesterIds[row] >= requesters) {
      throw new PipelineColumnsError('a requester has an id that there is not');
    }
    if (events.bytesHigh[row] > 0x7fffffff) {
      throw new PipelineColumnsError('bytes sent are 2^63 or more');
    }
  }
}

function requireNoAddress(outputs: ReadonlyMap<string, readonly string[]>): void {
  for (const [output, lines] of outputs) {
    if (lines.some((line) => holdsAddress(line))) throw new PipelineAddressError(output);
  }
}

import type { Readable } from 'node:stream';

/** A page of 1000 keys of 1024 bytes, all of them written `%XX`, is shorter; errors are much shorter. */
const MOST_BYTES = 16 << 20;
/** For all of an answer: time-outs of silence alone would let one byte follow another for ever. */
const DEADLINE_MS = 120_000;

export interface BodyLimits {
  readonly mostBytes?: number;
  readonly deadlineMs?: number;
}

/** An answer that a store of good will does not give. Nothing of it is told but this. */
export class AnswerError extends Error {}

/**
 * Read all of an answer, whose size and pace are the store's to choose: the SDK would read on without an end.
 *
 * @throws {AnswerError} when it is too long or takes too long
 */
export async function readAnswer(
  body: Readable,
  { mostBytes = MOST_BYTES, deadlineMs = DEADLINE_MS }: BodyLimits = {},
): Promise<Buffer> {
  const late = setTimeout(
    () => body.destroy(new AnswerError(`its answer took more than ${deadlineMs / 1000} s`)),
    deadlineMs,
  );
  try {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of body as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > mostBytes) throw new AnswerError(`its answer has more than ${mostBytes} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } finally {
    clearTimeout(late);
    body.destroy();
  }
}

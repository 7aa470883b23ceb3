import { createReadStream } from 'node:fs';

/** More than any notification has. Longer lines are passed over without being kept in memory. */
const LONGEST_LINE_BYTES = 1 << 20;

export interface Line {
  /** Undefined for what is too long, or no UTF-8. */
  readonly text: string | undefined;
  /** Where the next line begins. */
  readonly endOffset: number;
  /** Whether a line end follows: without one, whoever wrote it may have been interrupted. */
  readonly whole: boolean;
}

/** The lines of a file, one by one. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let pieces: Buffer[] = [];
  let length = 0;
  let offset = 0;
  const add = (piece: Buffer) => {
    length += piece.length;
    if (length <= LONGEST_LINE_BYTES) pieces.push(piece);
    else pieces = [];
  };
  const take = (whole: boolean): Line => {
    offset += length + (whole ? 1 : 0);
    const text = length <= LONGEST_LINE_BYTES ? decode(Buffer.concat(pieces)) : undefined;
    pieces = [];
    length = 0;
    return { text, endOffset: offset, whole };
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      add(chunk.subarray(from, end));
      yield take(true);
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) yield take(false);
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

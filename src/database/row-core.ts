import { readFileSync } from 'node:fs';
import { instantiate } from '../../cache/parquet/instantiate.js';
import { Line } from '../extract/line.js';

/** Compiled from `assembly/`, see its index.ts. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: { readonly value: number };
  readonly output: { readonly value: number };
  readonly bounds: { readonly value: number };
  readonly addressWords: { readonly value: number };
  start(inputBytes: number, outputBytes: number): void;
  setObject(high: number, low: number): void;
  encodeRow(
    start: number,
    end: number,
    place: number,
    timeSeconds: number,
    offset: number,
    status: number,
    isSkipped: boolean,
    hasAddress: boolean,
    tailStart: number,
  ): number;
}

/** Where the 16 bytes of an address stand in a row that {@link RowCore.encode} has written. */
export const ADDRESS_OFFSET = 42;

/** The build puts it beside this file; from its source it is found where the build put it. */
const LOCATION = import.meta.url.endsWith('.ts')
  ? '../../dist/src/database/row-core.wasm'
  : './row-core.wasm';

let compiled: WebAssembly.Module | undefined;

/**
 * Writes rows of usual lines many times as fast as JavaScript does. Lines, what is found in them and rows are in its memory, which these
 * views show.
 */
export class RowCore {
  /** For bytes of log objects; some more behind them are there. */
  readonly input: Buffer;
  /** For rows. */
  readonly output: Buffer;
  /** What `parseLine` finds in a line of the input. */
  readonly line: Line;
  private readonly exports: Exports;

  /** @throws {NoAddressSpaceError} */
  constructor(inputBytes: number, outputBytes: number) {
    compiled ??= new WebAssembly.Module(readFileSync(new URL(LOCATION, import.meta.url)));
    this.exports = instantiate(compiled) as unknown as Exports;
    const { exports } = this;
    exports.start(inputBytes, outputBytes);
    const { buffer } = exports.memory;
    this.input = Buffer.from(buffer, exports.input.value, inputBytes);
    this.output = Buffer.from(buffer, exports.output.value, outputBytes);
    this.line = new Line(
      new Int32Array(buffer, exports.bounds.value, 2 * 17),
      new Uint32Array(buffer, exports.addressWords.value, 4),
    );
  }

  /** Rows are of this log object from now on. @param id as two halves of 32 bits */
  begin(idHigh: number, idLow: number): void {
    this.exports.setObject(idHigh, idLow);
  }

  /**
   * Write the row of the line at hand, which holds plain bytes alone. Where its address is to stand, nothing is written.
   *
   * @param start of the line in the input
   * @param at in the output, with room for the line and 512 bytes
   * @param offset of the line in its log object
   * @returns bytes of the row; 0 when the line is one for the careful encoder
   */
  encode(start: number, end: number, at: number, offset: number, isSkipped: boolean): number {
    const { exports, line } = this;
    return exports.encodeRow(
      start,
      end,
      exports.output.value + at,
      line.timeSeconds,
      offset,
      line.status,
      isSkipped,
      line.hasAddress,
      line.tailStart,
    );
  }
}

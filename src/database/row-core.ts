import { readFileSync } from 'node:fs';
import { instantiate } from '../../cache/parquet/instantiate.js';

/** A number of the core that changes as it works. */
interface Counter {
  readonly value: number;
}

/** Compiled from `assembly/`, see its index.ts for what each function does. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: Counter;
  readonly output: Counter;
  readonly addresses: Counter;
  readonly places: Counter;
  readonly position: Counter;
  readonly rows: Counter;
  readonly addressCount: Counter;
  readonly stop: Counter;
  readonly otherTime: Counter;
  readonly firstTime: Counter;
  readonly lastTime: Counter;
  start(inputBytes: number, outputBytes: number, mostRows: number): void;
  setObject(high: number, low: number): void;
  setDay(seconds: number): void;
  setTimes(first: number, last: number): void;
  resume(position: number, rows: number, addressCount: number): void;
  scan(from: number, end: number, isLast: boolean, offset: number): number;
}

/** Why the core stopped. */
export const STOP = { complete: 0, odd: 1, full: 2, otherDay: 3 } as const;

/** The build puts it beside this file; from its source it is found where the build put it. */
const LOCATION = import.meta.url.endsWith('.ts')
  ? '../../dist/src/database/row-core.wasm'
  : './row-core.wasm';

let compiled: WebAssembly.Module | undefined;

/** Parses lines of the usual form and writes their rows, many times as fast as JavaScript does, in memory of its own that these views show. */
export class RowCore {
  /** For bytes of log objects; some more behind them are there. */
  readonly input: Buffer;
  /** For rows. */
  readonly output: Buffer;
  /** Addresses of the rows in the output, 16 bytes each. */
  readonly addresses: Uint8Array;
  /** Where in the output their seals go. */
  readonly places: Int32Array;
  readonly exports: Exports;

  /** @throws {NoAddressSpaceError} */
  constructor(inputBytes: number, outputBytes: number, mostRows: number) {
    compiled ??= new WebAssembly.Module(readFileSync(new URL(LOCATION, import.meta.url)));
    this.exports = instantiate(compiled) as unknown as Exports;
    const { exports } = this;
    exports.start(inputBytes, outputBytes, mostRows);
    const { buffer } = exports.memory;
    this.input = Buffer.from(buffer, exports.input.value, inputBytes);
    this.output = Buffer.from(buffer, exports.output.value, outputBytes);
    this.addresses = new Uint8Array(buffer, exports.addresses.value, 16 * mostRows);
    this.places = new Int32Array(buffer, exports.places.value, mostRows);
  }
}

/**
 * Rows of plain lines in the binary form of COPY: the same bytes as `RowEncoder` writes, which takes all other lines. See
 * ARCHITECTURE.md, "Lines into PostgreSQL".
 */
import { reserve } from '../../extract/assembly/memory';
import { fillKinds } from './may-hold-address';
import { useLine } from './row';

export { encodeRow, setObject } from './row';

/** Where the bytes of log objects go. */
export let input: usize = 0;
/** Where rows are written. */
export let output: usize = 0;
/** Start and end of each field as positions in the input, as `Line` has them: 34 numbers of 32 bits. */
export let bounds: usize = 0;
/** The address of the line as `Line` has it: 4 numbers of 32 bits. */
export let addressWords: usize = 0;

/** Give out the memory; once. */
export function start(inputBytes: usize, outputBytes: usize): void {
  fillKinds();
  input = reserve(inputBytes);
  output = reserve(outputBytes);
  bounds = reserve(4 * 34);
  addressWords = reserve(4 * 4);
  useLine(input, bounds, addressWords);
}

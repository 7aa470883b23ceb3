import type { MmdbFile } from './mmdb-file.js';

/** A map of the data section; without prototype, so that no name in a file means more than itself. */
export interface MmdbMap {
  readonly [name: string]: MmdbValue;
}

/** Integers beyond 2^53 and bytes are not needed here and come as null. */
export type MmdbValue = string | number | boolean | null | MmdbMap | readonly MmdbValue[];

/** Types of the data section (MaxMind DB format specification 2.0, "Output Data Section"). */
const POINTER = 1;
const STRING = 2;
const DOUBLE = 3;
const MAP = 7;
const INT32 = 8;
const ARRAY = 11;
const BOOLEAN = 14;
const FLOAT = 15;

/** Files nest a few levels and hold some dozens of values per record; more is damage or malice. */
const MOST_LEVELS = 32;
const MOST_VALUES = 10_000;
/** What pointers of each size start from. */
const POINTER_OFFSETS = [0, 2048, 526_336, 0] as const;

/**
 * Decode one value of the data section.
 *
 * @param start where the data section begins: what pointers count from
 * @param wants of maps: whether the value under a name is decoded; others are passed over
 * @throws {MmdbError}
 */
export function decodeMmdb(
  file: MmdbFile,
  start: number,
  offset: number,
  wants: (name: string) => boolean,
): MmdbValue {
  let at = offset;
  let values = 0;

  const value = (level: number, isWanted: boolean): MmdbValue => {
    if (level > MOST_LEVELS || ++values > MOST_VALUES) throw file.damaged();
    const control = file.byte(at++);
    let type = control >> 5;
    if (type === POINTER) return pointed(control, level, isWanted);
    if (type === 0) type = 7 + file.byte(at++);
    const size = sizeOf(control);
    if (type === MAP) return map(size, level, isWanted);
    if (type === ARRAY) return array(size, level, isWanted);
    if (type === BOOLEAN) return size !== 0;
    const from = at;
    at += size;
    return isWanted ? scalar(type, from, size) : null;
  };

  const pointed = (control: number, level: number, isWanted: boolean): MmdbValue => {
    const bytes = (control >> 3) & 3;
    const high = bytes === 3 ? 0 : (control & 7) * 256 ** (bytes + 1);
    const target = start + high + file.uint(at, bytes + 1) + (POINTER_OFFSETS[bytes] as number);
    at += bytes + 1;
    if (!isWanted) return null;
    const back = at;
    at = target;
    const found = value(level + 1, true);
    at = back;
    return found;
  };

  const sizeOf = (control: number): number => {
    const size = control & 31;
    if (size < 29) return size;
    const bytes = size - 28;
    const more = file.uint(at, bytes);
    at += bytes;
    return more + [29, 285, 65_821][bytes - 1];
  };

  const map = (size: number, level: number, isWanted: boolean): MmdbMap => {
    const found: Record<string, MmdbValue> = Object.create(null);
    for (let i = 0; i < size; i++) {
      const name = value(level + 1, isWanted);
      const isMember = isWanted && typeof name === 'string' && wants(name);
      const member = value(level + 1, isMember);
      if (isMember) found[name] = member;
    }
    return found;
  };

  const array = (size: number, level: number, isWanted: boolean): MmdbValue[] => {
    const found: MmdbValue[] = [];
    for (let i = 0; i < size; i++) {
      const element = value(level + 1, isWanted);
      if (isWanted) found.push(element);
    }
    return found;
  };

  const scalar = (type: number, from: number, size: number): string | number | null => {
    if (type === STRING) return file.bytes(from, size).toString('utf8');
    if (type === DOUBLE && size === 8) return file.bytes(from, 8).readDoubleBE();
    if (type === FLOAT && size === 4) return file.bytes(from, 4).readFloatBE();
    const isInteger = type === 5 || type === 6 || type === 9 || type === INT32;
    if (!isInteger || size > 6) return null;
    const unsigned = file.uint(from, size);
    return type === INT32 && size === 4 ? unsigned | 0 : unsigned;
  };

  return value(0, true);
}

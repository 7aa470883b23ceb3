import { holdsAddress } from '../holds-address.js';
import { type Cidr, isV4, parseCidr } from './cidr.js';
import { UnusableListError } from './list-error.js';

/** No service has a wider block; one that is wider would give its code to half of the world. */
const WIDEST_V4 = 96 + 8;
const WIDEST_V6 = 16;

/**
 * A block as a list names it.
 *
 * @param where which entry it is, for the error
 * @throws {UnusableListError}
 */
export function readBlock(value: unknown, where: string): Cidr {
  const cidr = typeof value === 'string' ? parseCidr(value) : undefined;
  if (cidr === undefined) throw new UnusableListError(`${where} is not a range of addresses`);
  if (cidr.length < (isV4(cidr) ? WIDEST_V4 : WIDEST_V6)) {
    throw new UnusableListError(`${where} is implausibly wide`);
  }
  return cidr;
}

/**
 * The code of a cloud's region. Only characters that cloud providers use for names, so that no list
 * puts a path, a tab, a control character or an address into a table.
 *
 * @throws {UnusableListError}
 */
export function readCode(provider: string, region: unknown, where: string): string {
  const isName = typeof region === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(region);
  if (!isName || holdsAddress(region)) {
    throw new UnusableListError(`${where} has no region, or one with characters no region has`);
  }
  return `${provider}/${region}`;
}

/** @throws {UnusableListError} when the text is not a JSON object */
export function readJsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not as the cause: its message quotes the text.
    throw new UnusableListError('it is not JSON, or cut off');
  }
  return readObject(value, 'its top level');
}

/** @throws {UnusableListError} */
export function readObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UnusableListError(`${where} is not an object`);
  }
  return value as Record<string, unknown>;
}

/** @throws {UnusableListError} */
export function readArray(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnusableListError(`${where} is not an array`);
  return value;
}

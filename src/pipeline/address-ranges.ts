import { parseCidr } from '../ip/ranges/cidr.js';
import { buildRangeTable, type RangeTable } from '../ip/ranges/range-table.js';

/** Addresses and blocks of them, such as `192.0.2.0/24` and `2001:db8::/32`. */
export class AddressRanges {
  readonly #table: RangeTable;

  /** @throws {RangeError} a text that is none; it does not say which, for that may be an address of somebody's */
  constructor(texts: readonly string[]) {
    const blocks = texts.map((text, at) => {
      const block = parseCidr(text);
      if (block === undefined)
        throw new RangeError(`entry ${at + 1} is no address and no block of addresses`);
      return { ...block, code: 'x/x' };
    });
    this.#table = buildRangeTable([blocks]);
  }

  /** @param address 16 bytes, IPv4 as `::ffff:a.b.c.d` */
  has(address: Uint8Array): boolean {
    return this.#table.find(address) !== undefined;
  }
}

import { BlockList, isIPv4 } from 'node:net';

/** What a record may hold. */
export type MmdbValue =
  | string
  | number
  | bigint
  | boolean
  | readonly MmdbValue[]
  | { readonly [name: string]: MmdbValue };

export interface MmdbOptions {
  readonly type?: string;
  /** 4: a tree for short addresses only. Default 6, with IPv4 below `::/96`. */
  readonly ipVersion?: 4 | 6;
  readonly recordSize?: 24 | 28 | 32;
}

/**
 * A database in the MaxMind DB format, version 2.0, as small as a test needs it.
 *
 * @param networks CIDR -> record; of nested ones the narrower must stand later
 */
export function writeMmdb(
  networks: readonly (readonly [cidr: string, record: MmdbValue])[],
  options: MmdbOptions = {},
): Buffer {
  const { ipVersion = 6, recordSize = 24, type = 'Test-City' } = options;
  const tree = new Tree();
  const records: Buffer[] = [];
  let size = 0;
  for (const [cidr, record] of networks) {
    const bytes = encode(record);
    tree.insert(bitsOf(cidr, ipVersion), { record: size });
    records.push(bytes);
    size += bytes.length;
  }
  const nodes = tree.nodes();
  const metadata = encode({
    node_count: nodes.length,
    record_size: recordSize,
    ip_version: ipVersion,
    database_type: type,
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000n,
    description: { en: 'made by a test' },
  });
  return Buffer.concat([
    ...nodes.map((node) => encodeNode(node, nodes.length, recordSize)),
    Buffer.alloc(16),
    ...records,
    Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'),
    metadata,
  ]);
}

type Branch = Node | { readonly record: number } | undefined;

interface Node {
  id: number;
  readonly branches: [Branch, Branch];
}

class Tree {
  readonly #root: Node = { id: 0, branches: [undefined, undefined] };

  insert(bits: readonly number[], leaf: { readonly record: number }): void {
    let node = this.#root;
    bits.slice(0, -1).forEach((bit) => {
      const next = node.branches[bit];
      if (next !== undefined && 'branches' in next) node = next;
      else {
        // Below a wider network, both halves have its record until they get their own.
        const child: Node = { id: 0, branches: [next, next] };
        node.branches[bit] = child;
        node = child;
      }
    });
    node.branches[bits.at(-1) as number] = leaf;
  }

  nodes(): Node[] {
    const found: Node[] = [this.#root];
    for (const node of found) {
      for (const next of node.branches) {
        if (next !== undefined && 'branches' in next) next.id = found.push(next) - 1;
      }
    }
    return found;
  }
}

function encodeNode({ branches }: Node, count: number, recordSize: number): Buffer {
  const [left, right] = branches.map((branch) => {
    if (branch === undefined) return count;
    return 'branches' in branch ? branch.id : count + 16 + branch.record;
  }) as [number, number];
  const node = Buffer.alloc(recordSize / 4);
  if (recordSize === 28) {
    node.writeUIntBE(left & 0xffffff, 0, 3);
    node[3] = ((left >>> 24) << 4) | (right >>> 24);
    node.writeUIntBE(right & 0xffffff, 4, 3);
  } else {
    node.writeUIntBE(left, 0, recordSize / 8);
    node.writeUIntBE(right, recordSize / 8, recordSize / 8);
  }
  return node;
}

/** Types and sizes: MaxMind DB file format specification, "Output data section". */
function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'boolean') return control(14, value ? 1 : 0);
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return Buffer.concat([control(9, 8), bytes]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(Number.isInteger(value) ? 4 : 8);
    if (Number.isInteger(value)) bytes.writeUInt32BE(value);
    else bytes.writeDoubleBE(value);
    return Buffer.concat([control(Number.isInteger(value) ? 6 : 3, bytes.length), bytes]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([control(11, value.length), ...value.map((item) => encode(item))]);
  }
  const entries = Object.entries(value as { readonly [name: string]: MmdbValue });
  const parts = entries.flatMap(([name, item]) => [encode(name), encode(item)]);
  return Buffer.concat([control(7, entries.length), ...parts]);
}

function control(type: number, size: number): Buffer {
  const first = type > 7 ? 0 : type << 5;
  const extended = type > 7 ? [type - 7] : [];
  if (size < 29) return Buffer.from([first | size, ...extended]);
  if (size < 285) return Buffer.from([first | 29, ...extended, size - 29]);
  return Buffer.from([first | 30, ...extended, (size - 285) >> 8, (size - 285) & 255]);
}

/** The path to a network from the root; IPv4 stands below 96 zeros in a tree for IPv6. */
function bitsOf(cidr: string, ipVersion: 4 | 6): number[] {
  const [address, length] = cidr.split('/') as [string, string];
  const bytes = bytesOf(address);
  const before = isIPv4(address) && ipVersion === 6 ? 96 : 0;
  const bits = [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => (byte >> at) & 1));
  return [...Array<number>(before).fill(0), ...bits.slice(0, Number(length))];
}

/** The 4 or 16 bytes of an address. */
export function bytesOf(address: string): Uint8Array {
  new BlockList().addAddress(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  if (isIPv4(address)) return Uint8Array.from(address.split('.').map(Number));
  const [left = '', right] = address.split('::');
  const words = (text: string): string[] => text.split(':').filter((word) => word !== '');
  const [front, back] = [words(left), words(right ?? '')];
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  return Uint8Array.from(
    [...front, ...zeros, ...back].flatMap((word) => {
      const value = Number.parseInt(word, 16);
      return [value >> 8, value & 255];
    }),
  );
}

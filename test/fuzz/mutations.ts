/** Draws a number from 0 up to, but not including, its argument. */
export type Below = (limit: number) => number;

/** Values that a member of JSON is replaced by. */
const STRANGE: readonly unknown[] = [
  ...[null, true, -1, 0.5, 1e308, 2 ** 53, -0, 2 ** 31, 4_294_967_296],
  ...[
    '',
    'x',
    '..',
    '../../x',
    '\u0000',
    '\ud800',
    'é',
    '__proto__',
    '-',
    '=1+1',
    'x'.repeat(70_000),
  ],
  ...[[], {}, [[]], [null], { __proto__: 1 }, { constructor: 1 }, [1, 2, 3]],
];

/** Numbers that lengths, counts and offsets are replaced by, as bytes. */
const HUGE: readonly Buffer[] = [
  ...['ff', 'ffff', 'ffffffff', 'ffffffffffffffff', '7fffffff', 'ffffff7f', '00000080'],
  ...['00', '00000000', '80', 'ffffffff0f', 'feffffff0f', 'ffffffffffffffffff01', '808080808001'],
].map((hex) => Buffer.from(hex, 'hex'));

const ENCODINGS: readonly Buffer[] = [
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xfe, 0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
];

/**
 * Change some bytes, in one to four of these ways: a bit, a byte, a cut, a piece left out, repeated or moved, a piece of another
 * sample, a huge number, another encoding; and, where they are JSON, a member.
 *
 * @param others samples of the same kind
 */
export function mutate(sample: Buffer, others: readonly Buffer[], below: Below): Buffer {
  let bytes: Buffer = Buffer.from(sample);
  for (let n = 1 + below(4); n > 0; n--) {
    const isJson = below(2) === 0;
    bytes = (isJson ? mutateJson(bytes, below) : undefined) ?? mutateBytes(bytes, others, below);
  }
  return bytes;
}

function mutateBytes(bytes: Buffer, others: readonly Buffer[], below: Below): Buffer {
  const at = below(bytes.length + 1);
  const length = 1 + below(Math.max(1, bytes.length >> below(8)));
  const before = bytes.subarray(0, at);
  const piece = bytes.subarray(at, at + length);
  const rest = bytes.subarray(at + length);
  switch (below(10)) {
    case 0:
    case 1: {
      const changed = Buffer.from(bytes);
      if (at < bytes.length) changed[at] = (changed[at] as number) ^ (1 << below(8));
      return changed;
    }
    case 2:
      return Buffer.concat([before, Buffer.from([below(256)]), bytes.subarray(at + 1)]);
    case 3:
      return Buffer.from(before);
    case 4:
      return Buffer.concat([before, rest]);
    case 5: {
      const times = Math.min(1 + below(64), Math.ceil(200_000 / piece.length));
      return Buffer.concat([before, ...Array<Buffer>(times + 1).fill(piece), rest]);
    }
    case 6: {
      const other = others[below(others.length)] as Buffer;
      const from = below(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + length), rest]);
    }
    case 7: {
      const number = HUGE[below(HUGE.length)] as Buffer;
      return Buffer.concat([before, number, bytes.subarray(at + number.length * below(2))]);
    }
    case 8:
      if (below(4) > 0) return Buffer.concat([ENCODINGS[below(ENCODINGS.length)] as Buffer, bytes]);
      return Buffer.from(bytes.toString('latin1'), below(2) === 0 ? 'utf16le' : 'utf8');
    default:
      return Buffer.concat([before, rest, piece]);
  }
}

/** @returns undefined for what is no JSON */
function mutateJson(bytes: Buffer, below: Below): Buffer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  if (below(12) === 0) {
    const depth = 1 + below(100_000);
    const open = below(2) === 0 ? '[' : '{"a":';
    const close = open === '[' ? ']' : '}';
    const nested = open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth);
    return Buffer.from(nested);
  }
  try {
    return Buffer.from(JSON.stringify(changed(value, below)) ?? 'null');
  } catch {
    // Nested too deep to be written again.
    return undefined;
  }
}

/** The value with one part of it replaced, left out or renamed, at a depth that is drawn. */
function changed(value: unknown, below: Below): unknown {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (names.length === 0 || below(6) === 0) return STRANGE[below(STRANGE.length)];
  const name = names[below(names.length)] as string;
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = Number(name);
    const way = below(6);
    if (way === 0) copy.splice(at, 1);
    else if (way === 1) copy.splice(at, 0, copy[below(copy.length)]);
    else copy[at] = changed(copy[at], below);
    return copy;
  }
  const members = Object.entries(value as object).map(([other, member]): [string, unknown] => {
    if (other !== name) return [other, member];
    if (below(8) === 0) return [`${other}${STRANGE[below(STRANGE.length)]}`, member];
    return [other, changed(member, below)];
  });
  if (below(6) === 0) members.splice(names.indexOf(name), 1);
  return Object.fromEntries(members);
}

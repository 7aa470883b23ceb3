import { inspect } from 'node:util';

declare const sealingKey: unique symbol;

/** The 16 bytes that addresses are sealed with. Printed or written as JSON it shows nothing. */
export type SealingKey = Uint8Array & { readonly [sealingKey]: true };

/**
 * Take 16 bytes for a sealing key: for worker threads, which get a key as plain bytes.
 *
 * @throws {RangeError}
 */
export function sealingKeyFromBytes(bytes: Uint8Array): SealingKey {
  if (bytes.length !== 16) throw new RangeError('A sealing key has 16 bytes.');
  const hidden = { value: () => '[sealing key]', enumerable: false };
  return Object.defineProperties(Uint8Array.from(bytes), {
    [inspect.custom]: hidden,
    toJSON: hidden,
    toString: hidden,
    toLocaleString: hidden,
  }) as SealingKey;
}

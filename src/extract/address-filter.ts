import { RE2JS } from 're2js';
import { S3LogExtractionError } from '../../cache/error.js';
import { addressTextOfBytes } from '../ip/lookup/address-text.js';
import type { Core } from './core.js';
import { NO_ADDRESS } from './no-address.js';

/** The expression for addresses to skip is none. */
export class AddressExpressionError extends S3LogExtractionError {
  constructor(cause?: unknown) {
    // Neither the expression nor what the library says of it: it names machines.
    super('INVALID_SKIP_EXPRESSION', 'The expression for addresses to skip cannot be used.', {
      cause: cause === undefined ? undefined : new Error('not an RE2 expression'),
      hint: 'It has the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), without look-around and back-references; for example ^203\\.0\\.113\\. with backslashes before dots.',
    });
  }
}

/**
 * Take a text for an expression that finds addresses. Like all expressions here it is matched in linear time.
 *
 * @throws {AddressExpressionError}
 */
export function addressExpression(text: string): (address: string) => boolean {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(text);
  } catch (error) {
    throw new AddressExpressionError(error);
  }
  return (address) => compiled.matcher(address).find();
}

/**
 * Tells which addresses of a core are skipped. Each distinct one is judged once, by its text: dotted, or
 * RFC 5952 for IPv6; the one that stands for none never is.
 */
export class AddressFilter {
  readonly #core: Core;
  readonly #finds: (address: string) => boolean;
  /** By id, once judged. */
  #skipped = new Uint8Array(1 << 10);
  #judged = NO_ADDRESS + 1;

  /** @throws {AddressExpressionError} */
  constructor(core: Core, expression: string) {
    this.#core = core;
    this.#finds = addressExpression(expression);
  }

  skips(id: number): boolean {
    if (id >= this.#judged) this.#judgeNew();
    return this.#skipped[id] === 1;
  }

  /** Ids begin anew. */
  forget(): void {
    this.#skipped.fill(0, 0, this.#judged);
    this.#judged = NO_ADDRESS + 1;
  }

  #judgeNew(): void {
    const { memory, addressWords, addressCount } = this.#core;
    const count = addressCount.value;
    if (count > this.#skipped.length) {
      const more = new Uint8Array(count * 2);
      more.set(this.#skipped);
      this.#skipped = more;
    }
    const bytes = Buffer.alloc(16);
    for (; this.#judged < count; this.#judged++) {
      bytes.set(new Uint8Array(memory.buffer, addressWords.value + this.#judged * 16, 16));
      // Words of the core are little-endian, addresses big-endian.
      bytes.swap32();
      this.#skipped[this.#judged] = this.#finds(addressTextOfBytes(bytes)) ? 1 : 0;
    }
    bytes.fill(0);
  }
}

import { S3LogExtractionError } from '../error.js';

/** There is not enough address space for a memory of WebAssembly. */
export class NoAddressSpaceError extends S3LogExtractionError {
  constructor(cause: unknown) {
    super('NO_ADDRESS_SPACE', 'There is not enough address space for one more worker.', {
      cause,
      hint: 'Each worker reserves about 20 GB of addresses, not of memory: raise the limit (ulimit -v), use fewer --workers, or set NODE_OPTIONS=--disable-wasm-trap-handler.',
    });
  }
}

/**
 * An instance of a module without imports.
 *
 * @throws {NoAddressSpaceError}
 */
export function instantiate(module: WebAssembly.Module): Record<string, unknown> {
  try {
    return new WebAssembly.Instance(module, {}).exports;
  } catch (error) {
    if (error instanceof RangeError) throw new NoAddressSpaceError(error);
    throw error;
  }
}

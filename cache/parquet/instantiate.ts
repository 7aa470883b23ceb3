import { S3LogExtractionError } from '../error.js';

/** There is not enough address space for a memory of WebAssembly. */
export class NoAddressSpaceError extends S3LogExtractionError {
  constructor(cause: unknown) {
    super('NO_ADDRESS_SPACE', 'There is not enough address space.', {
      cause,
      hint: 'Each worker reserves about 20 GB of addresses, and each library in WebAssembly 10 GB, not of memory: raise the limit (ulimit -v), use fewer --workers, or set NODE_OPTIONS=--disable-wasm-trap-handler.',
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
    throw error instanceof RangeError ? new NoAddressSpaceError(error) : error;
  }
}

/** What V8 says of a library that makes a memory of WebAssembly, whatever the library makes of that. */
const NO_MEMORY = /Cannot allocate Wasm memory/;

/** @returns undefined for what is something else */
export function addressSpaceError(error: unknown): S3LogExtractionError | undefined {
  return error instanceof Error && NO_MEMORY.test(error.message)
    ? new NoAddressSpaceError(error)
    : undefined;
}

/** What we use of WebAssembly's JavaScript interface; Node's types do not have it, the browser's are not ours. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Record<string, unknown>;
    constructor(module: Module, imports: Record<string, never>);
  }
  class RuntimeError extends Error {}
}

/** WebAssembly as Node.js has it: the part that is used here. The types of Node.js do not declare it. */

/** Compiled code. May be sent to worker threads, which share it. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

type ImportValue = WasmMemory | ((...values: never[]) => unknown);

interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule, imports: Record<string, Record<string, ImportValue>>) => WasmInstance;
  /** Sizes in pages of WASM_PAGE_BYTES. */
  Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
}

export const WASM_PAGE_BYTES = 65_536;

/** Undefined where Node.js runs without it: with its flag jitless. */
export const webAssembly = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;

/**
 * The WebAssembly modules of src/asb/wasm: the hot paths for records that are ordinary. All that they do is done by the
 * TypeScript of this project as well, which takes over where there is no module.
 */
import { readFileSync } from 'node:fs';
import {
  WASM_PAGE_BYTES,
  webAssembly,
  type WasmInstance,
  type WasmMemory,
  type WasmModule,
} from '../core/webassembly.js';
import { writeDouble } from './numbers/double.js';

export type WasmModuleName = 'backup' | 'restore';

/** Two levels below the root of the package in the source, the compiled files and their bundle alike. */
const FOLDER = new URL('../../dist/asb/wasm/', import.meta.url);

const modules = new Map<WasmModuleName, WasmModule | undefined>();

/**
 * The compiled module, the same at every call. undefined = it cannot run here: no WebAssembly, no SIMD, or the file is
 * not there. For the main thread, which passes it to its workers.
 */
export function loadWasmModule(name: WasmModuleName): WasmModule | undefined {
  if (!modules.has(name)) modules.set(name, compile(name));
  return modules.get(name);
}

function compile(name: WasmModuleName): WasmModule | undefined {
  if (webAssembly === undefined) return undefined;
  try {
    const bytes = readFileSync(new URL(`${name}.wasm`, FOLDER));
    // Without SIMD the bytes are not valid.
    return webAssembly.validate(bytes) ? new webAssembly.Module(bytes) : undefined;
  } catch {
    return undefined;
  }
}

export interface WasmProgram<Exports> {
  exports: Exports;
  /** All of its memory, which never grows. */
  memory: Buffer;
  /** The first byte that the module itself does not use. */
  freeStart: number;
}

/**
 * An instance with `bytes` bytes of memory besides those that it needs itself. undefined = there is no room for it:
 * each memory reserves gigabytes of addresses, which a limit (`ulimit -v`) may forbid.
 *
 * `Exports` must describe what the module exports.
 */
export function instantiateWasm<Exports>(module: WasmModule, bytes: number): WasmProgram<Exports> | undefined {
  if (webAssembly === undefined) return undefined;
  let memory: WasmMemory;
  const pages = STATIC_PAGES + Math.ceil(bytes / WASM_PAGE_BYTES);
  try {
    memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return undefined;
  }
  const buffer = Buffer.from(memory.buffer);
  const { exports }: WasmInstance = new webAssembly.Instance(module, {
    env: { memory, abort: () => undefined },
    double: { writeExactDouble: createExactWriter(buffer) },
    'read-number': { readDecimal: createDecimalReader(buffer) },
  });
  const { init } = exports as { init: () => number };
  return { exports: exports as Exports, memory: buffer, freeStart: init() };
}

/** More than the tables of any module. */
const STATIC_PAGES = 8;

/** Writes the text of a double that takes arithmetic without bounds. */
function createExactWriter(memory: Buffer): (bits: bigint, at: number) => number {
  const particle = Buffer.alloc(8);
  return (bits, at) => {
    particle.writeBigUInt64BE(BigInt.asUintN(64, bits));
    return writeDouble(particle, 0, memory, at);
  };
}

/** Reads a decimal number without sign, whose text has been checked. Infinity = no double is as large. */
function createDecimalReader(memory: Buffer): (from: number, to: number) => number {
  return (from, to) => Number(memory.toString('latin1', from, to));
}

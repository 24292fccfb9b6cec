import type { RunDependencies } from './run-dependencies.js';

/** `off` makes the tools run without WebAssembly: for tests, and should it ever be at fault. */
const VARIABLE = 'ASTOOLS_WEBASSEMBLY';

/** What the configurations of both tools say about WebAssembly. */
export function toWebAssembly({ env = process.env }: RunDependencies): { webAssembly?: false } {
  return env[VARIABLE] === 'off' ? { webAssembly: false } : {};
}

/** Buffers are compared as memory: the default way takes a hundred times longer, byte by byte. */
import { expect } from 'vitest';

// The testers of a process are one list; without isolation this file is run again for each file of tests.
const state = globalThis as { buffersAreComparedAsMemory?: true };
if (state.buffersAreComparedAsMemory === undefined) {
  state.buffersAreComparedAsMemory = true;
  expect.addEqualityTesters([
    (left: unknown, right: unknown) =>
      Buffer.isBuffer(left) && Buffer.isBuffer(right) ? left.equals(right) : undefined,
  ]);
}

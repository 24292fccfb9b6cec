import { expect, it, vi } from 'vitest';

vi.mock('node:vm', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:vm')>();
  return { ...original, runInNewContext: vi.fn(original.runInNewContext) };
});

it('garbage is collected again only if much was allocated since the last time', async () => {
  // Tests that run in the same thread may have loaded the module, and collected.
  vi.resetModules();
  const { runInNewContext } = await import('node:vm');
  const { collectGarbageBeforeExit } = await import('../../src/core/worker-exit.js');
  collectGarbageBeforeExit();
  expect(runInNewContext).toHaveBeenCalledTimes(1);
  collectGarbageBeforeExit();
  expect(runInNewContext).toHaveBeenCalledTimes(1);
  const kept = Array.from({ length: 1_000_000 }, (_, i) => i + 0.5);
  collectGarbageBeforeExit();
  expect(runInNewContext).toHaveBeenCalledTimes(2);
  expect(kept).toHaveLength(1_000_000);
});

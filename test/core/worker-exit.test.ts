import { runInNewContext } from 'node:vm';
import { expect, it, vi } from 'vitest';
import { collectGarbageBeforeExit } from '../../src/core/worker-exit.js';

vi.mock('node:vm', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:vm')>();
  return { ...original, runInNewContext: vi.fn(original.runInNewContext) };
});

it('garbage is collected again only if much was allocated since the last time', () => {
  collectGarbageBeforeExit();
  expect(runInNewContext).toHaveBeenCalledTimes(1);
  collectGarbageBeforeExit();
  expect(runInNewContext).toHaveBeenCalledTimes(1);
  const kept = Array.from({ length: 1_000_000 }, (_, i) => i + 0.5);
  collectGarbageBeforeExit();
  expect(runInNewContext).toHaveBeenCalledTimes(2);
  expect(kept).toHaveLength(1_000_000);
});

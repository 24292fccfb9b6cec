import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startRun, type RunBody, type RunProgress } from '../../src/core/run.js';
import { createProcessLimits, type RunContext } from '../../src/core/run-context.js';

const NOTHING: RunProgress = { records: 0, bytes: 0, expectedRecords: 0, expectedBytes: 0, workers: [] };

async function setUp(limits = createProcessLimits()) {
  const controller = new AbortController();
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const ended = new Promise<string>((...functions) => ([resolve, reject] = functions));
  const body: RunBody<string, number> = { execute: () => ended, counters: () => 7, progress: () => NOTHING };
  const context: RunContext = { runId: 'id', signal: controller.signal, emit: () => undefined, limits };
  const run = startRun(body, context);
  run.result.catch(() => undefined);
  await turn();
  return { run, controller, resolve, reject };
}

describe('a run', () => {
  it('is running, then completed', async () => {
    const { run, resolve } = await setUp();
    expect({ id: run.id, state: run.state, counters: run.counters() }).toEqual({
      id: 'id',
      state: 'running',
      counters: 7,
    });
    resolve('done');
    await expect(run.result).resolves.toBe('done');
    expect(run.state).toBe('completed');
  });

  it('that rejects has failed', async () => {
    const { run, reject } = await setUp();
    reject(new Error('no'));
    await expect(run.result).rejects.toThrow('no');
    expect(run.state).toBe('failed');
  });

  it('that is aborted is stopping until it has ended, then canceled', async () => {
    const { run, controller, reject } = await setUp();
    controller.abort();
    expect(run.state).toBe('stopping');
    reject(new Error('stopped'));
    await expect(run.result).rejects.toThrow('stopped');
    expect(run.state).toBe('canceled');
  });

  it('waits in the queue while the process has its most runs under way, and is canceled there', async () => {
    const limits = createProcessLimits(1);
    const first = await setUp(limits);
    const second = await setUp(limits);
    const third = await setUp(limits);
    expect([first.run.state, second.run.state]).toEqual(['running', 'queued']);
    second.controller.abort(new Error('not wanted any more'));
    first.resolve('a');
    await expect(second.run.result).rejects.toThrow('not wanted any more');
    expect(second.run.state).toBe('canceled');
    third.resolve('c');
    await expect(third.run.result).resolves.toBe('c');
  });
});

/** A cluster in trouble while it is restored to: every record arrives, once, and the counters add up. */
import { describe, expect, it } from 'vitest';
import type { Faults } from '../../src/node/fault-injection.js';
import type { RestoreResult } from '../../src/engine/restore/config.js';
import {
  Bench,
  expectBalance,
  HEAD,
  LATER_HEAD,
  record,
  records,
  restore,
  type RestoreOptions,
} from '../support/restore.js';

const FILES = 4;
const PER_FILE = 1500;
const ALL = FILES * PER_FILE;
/** So that what happens in the meantime does: the run takes most of a second. */
const PACED = { recordsPerSecond: 7000 };

const bench = new Bench({ nodes: 3 });

function backup(generation: number): string {
  const name = bench.fresh('backup').split('/').at(-1)!;
  for (let n = 0; n < FILES; n++) {
    const text = (n === 0 ? HEAD : LATER_HEAD) + records(PER_FILE, `f${n}-`, { generation });
    bench.write(`${name}/test_0000${n}.asb`, text);
  }
  return bench.path(name);
}

function everywhere(faults: Faults): void {
  for (const node of bench.server.nodes) node.injectFaults(faults);
}

/** Calls `event` when a quarter of the records has arrived, and batches are on their way. */
function underWay(event: () => void): void {
  const timer = setInterval(() => {
    if (bench.objects() < ALL / 4) return;
    clearInterval(timer);
    event();
  }, 2);
}

/** Generation 1: a row that is sent again although it was written would show as fresher. */
async function restored(more: Partial<RestoreOptions> = {}, during?: () => void): Promise<RestoreResult> {
  const running = restore(bench.options(backup(1), { batchSize: 50, retryScaleFactorUs: 20_000, ...more }));
  during?.();
  const result = await running;
  expectBalance(result);
  expect(result).toMatchObject({ records: ALL, existed: 0, fresher: 0, failed: 0, ignored: 0 });
  expect(result.inserted + result.inDoubt).toBe(ALL);
  expect(bench.objects()).toBe(ALL);
  if (process.env.SHOW_COUNTERS !== undefined) {
    console.log(`${expect.getState().currentTestName ?? ''}: retries ${result.retries}, in doubt ${result.inDoubt}`);
  }
  return result;
}

describe.each([
  ['batch writes', {}],
  ['single writes', { disableBatchWrites: true }],
  ['batch writes without WebAssembly', { webAssembly: false }],
  ['single writes without WebAssembly', { disableBatchWrites: true, webAssembly: false }],
] as const)('%s', (_name, mode) => {
  it('one row in 50 meets an overloaded device', async () => {
    everywhere({ row: { every: 50, result: 18 } });
    const { retries, inDoubt } = await restored(mode);
    expect(retries).toBeGreaterThan(0);
    expect(inDoubt).toBe(0);
  });

  it('one row in 50 runs into the time limit of the server, written or not', async () => {
    everywhere({ row: { every: 50, result: 9, applied: true } });
    const { inDoubt } = await restored(mode);
    expect(inDoubt).toBeGreaterThan(ALL / 60);
  });

  it('one row in 50 meets a key that is busy', async () => {
    everywhere({ row: { every: 50, result: 14 } });
    await restored(mode);
  });

  it('connections are cut in the middle of batches', async () => {
    everywhere({ cut: { afterBytes: 700, times: 4 } });
    const { retries } = await restored(mode);
    expect(retries).toBeGreaterThan(0);
  });

  it('a node is silent for longer than the socket timeout', async () => {
    bench.server.nodes[1]!.injectFaults({ delayMs: 700 });
    setTimeout(() => bench.server.nodes[1]!.injectFaults({ delayMs: 0 }), 900);
    await restored({ ...mode, socketTimeoutMs: 300, maxRetries: 8, retryScaleFactorUs: 50_000 });
  });

  it('a node is lost for good', async () => {
    everywhere({ delayMs: 10 });
    const { retries } = await restored({ ...mode, ...PACED }, () => underWay(() => void bench.server.stopNode(2)));
    expect(retries).toBeGreaterThan(0);
  });

  it('a node restarts', async () => {
    everywhere({ delayMs: 10 });
    const { retries } = await restored({ ...mode, ...PACED, maxRetries: 10 }, () =>
      underWay(() => {
        void bench.server.stopNode(1).then(() => {
          setTimeout(() => void bench.server.restartNode(1), 250);
        });
      }),
    );
    expect(retries).toBeGreaterThan(0);
  });

  it('partitions move from node to node', async () => {
    everywhere({ delayMs: 5 });
    const all = Array.from({ length: 4096 }, (_, i) => i);
    await restored({ ...mode, ...PACED }, () => {
      for (const [i, node] of [0, 2, 1].entries()) {
        setTimeout(
          () =>
            bench.server.movePartitions(
              all.filter((p) => p % 3 === i),
              node,
            ),
          200 + i * 150,
        );
      }
    });
  });

  it('everything at once', async () => {
    everywhere({ row: { every: 50, result: 18 }, cut: { afterBytes: 3000, times: 3 }, delayMs: 3 });
    await restored({ ...mode, ...PACED, maxRetries: 10 }, () => underWay(() => void bench.server.stopNode(0)));
  });
});

describe('a second restore', () => {
  it('leaves alone what is there, and says which', async () => {
    const path = backup(1);
    await restore(bench.options(path));
    expect(await restore(bench.options(path))).toMatchObject({ inserted: 0, fresher: ALL, existed: 0 });
    expect(await restore(bench.options(path, { unique: true }))).toMatchObject({ existed: ALL, fresher: 0 });
    // The server counts generations anew, so that a record whose generation is above 1 is written again.
    const twice = bench.write('twice.asb', HEAD + record('f0-0', { generation: 2 }));
    expect(await restore(bench.options(twice))).toMatchObject({ inserted: 1 });
  });
});

/** The ways in which a run is ended before its time. */
import { spawnSync } from 'node:child_process';
import { statfsSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import type { Random } from '../fuzz/random.js';
import type { EndedRun, Run } from './tool-run.js';

/** What a way to end runs works with. */
export interface EndingContext {
  random: Random;
  folder: string;
  cluster: InMemoryCluster;
}

/** When a run is at work, when it is about to finish, and about how long it works. */
export interface Phases {
  working: RegExp | (() => boolean);
  finishing: RegExp;
  workMs: number;
}

/** A way to end runs before their time. */
export interface Ending {
  /** Runs are to be slowed down. */
  readonly slow: boolean;
  /** Additional options of a run. */
  readonly flags?: readonly string[];
  /** Called before a run. */
  arrange?(): void;
  /** Called while a run works; resolves when it has ended, with the milliseconds that it took to stop. */
  end(run: Run, phases: Phases): Promise<number>;
  /** Throws if the run did not end as it must. */
  check(ended: EndedRun, statePath: string): void;
  /** Called before the run that is to succeed. */
  relent?(): void;
  /** Called once after all runs. */
  release?(): void;
}

export type EndingName = 'kill' | 'interrupt' | 'cut' | 'disk';

const KIB = 1024;
const TMPFS_BYTES = 16 * KIB * KIB;
/** While it starts up; when its records are all written. */
const STARTING_MS = 450;
const ENDING_MS = 60;

/** A signal at a random moment: mostly while it works, sometimes while it starts or finishes. */
async function signalAtRandom(
  run: Run,
  signal: NodeJS.Signals,
  random: Random,
  { working, workMs, finishing }: Phases,
): Promise<number> {
  const kind = random.below(10);
  if (kind === 0) {
    await sleep(random.below(STARTING_MS));
  } else {
    await run.until(kind === 1 ? finishing : working);
    await sleep(random.below(kind === 1 ? ENDING_MS : workMs));
  }
  run.child.kill(signal);
  return performance.now();
}

/** Settles with the milliseconds from the signal to the end. */
async function endBySignal(run: Run, signal: NodeJS.Signals, random: Random, phases: Phases): Promise<number> {
  const at = await signalAtRandom(run, signal, random, phases);
  await run.done;
  return performance.now() - at;
}

/** Throws unless the run failed with code 1 and a last line that says how to continue. */
function checkExplained({ code, signal, log }: EndedRun, statePath: string): void {
  if (code !== 1)
    throw new Error(`ended with code ${code ?? 'null'}, signal ${signal ?? 'null'} instead of 1:\n${log}`);
  const last = log.trimEnd().split('\n').at(-1) ?? '';
  if (!last.includes(statePath)) throw new Error(`the last line does not say how to continue: ${last}`);
}

export const ENDINGS: Readonly<Record<EndingName, (context: EndingContext) => Ending>> = {
  kill: ({ random }) => ({
    slow: true,
    end: (run, phases) => endBySignal(run, 'SIGKILL', random, phases),
    check: ({ signal, log }) => {
      if (signal !== 'SIGKILL') throw new Error(`ended by itself:\n${log}`);
    },
  }),

  interrupt: ({ random }) => ({
    slow: true,
    end: (run, phases) => endBySignal(run, random.pick(['SIGINT', 'SIGTERM']), random, phases),
    // Before anything is begun there is nothing to say; before the program is loaded the signal ends it.
    check: (ended, statePath) => {
      if (ended.log.includes('Starting backup for')) checkExplained(ended, statePath);
    },
  }),

  /** Connections break all the time, which a run survives; then the cluster is unreachable. */
  cut: ({ random, cluster }) => ({
    slow: true,
    flags: ['--max-retries', '1', '--stall-timeout', '3'],
    arrange: () => {
      const cut = { afterBytes: 50 * KIB + random.below(300 * KIB) };
      cluster.nodes[0]!.injectFaults({ cut, refuseConnections: false });
    },
    end: async (run, { working, workMs }) => {
      await run.until(working);
      await sleep(random.below(workMs));
      cluster.nodes[0]!.injectFaults({ refuseConnections: true });
      cluster.nodes[0]!.dropConnections();
      const at = performance.now();
      await run.done;
      return performance.now() - at;
    },
    check: checkExplained,
    relent: () => cluster.nodes[0]!.clearFaults(),
    release: () => cluster.nodes[0]!.clearFaults(),
  }),

  /** The folder is a small file system of its own, most of which a ballast file fills. */
  disk: ({ random, folder }) => {
    const ballast = join(folder, 'ballast');
    mount(folder);
    writeFileSync(ballast, '');
    return {
      slow: true,
      arrange: () => {
        const { bavail, bsize } = statfsSync(folder);
        const freeBytes = 600 * KIB + random.below(900 * KIB);
        // The ballast only grows, so that the disk is full again while there is anything left to write.
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)), { flag: 'a' });
      },
      end: (run) => run.done.then(() => 0),
      check: (ended, statePath) => {
        checkExplained(ended, statePath);
        if (!ended.log.includes('ENOSPC')) throw new Error(`not because the disk was full:\n${ended.log}`);
        truncateSync(ballast, 0);
      },
      relent: () => truncateSync(ballast, 0),
      release: () => {
        unlinkSync(ballast);
        unmount(folder);
      },
    };
  },
};

function mount(folder: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${TMPFS_BYTES}`, 'tmpfs', folder]);
  if (status !== 0) throw new Error(`cannot mount a small file system: ${stderr.toString()}`);
}

function unmount(folder: string): void {
  spawnSync('umount', [folder]);
}

/** Whether small file systems can be mounted: by root, where containers allow it. `folder` is an empty directory. */
export function canMountDisks(folder: string): boolean {
  try {
    mount(folder);
  } catch {
    return false;
  }
  unmount(folder);
  return true;
}

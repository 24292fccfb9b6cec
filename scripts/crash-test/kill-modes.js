/** The ways in which a run is brought to its end before its time. */
import { spawnSync } from 'node:child_process';
import { statfsSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const KIB = 1024;
const TMPFS_BYTES = 16 * KIB * KIB;
/** While it starts up; when its records are all written. */
const STARTING_MS = 450;
const ENDING_MS = 60;

/** A signal at a random moment: mostly while it works, sometimes while it starts or finishes. */
async function signalAtRandom(run, signal, random, working, workMs, finishing) {
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
async function signalled(run, ...rest) {
  const at = await signalAtRandom(run, ...rest);
  await run.done;
  return performance.now() - at;
}

/** It must say how to go on. */
function mustExplain({ code, signal, log }, statePath) {
  if (code !== 1) throw new Error(`ended with code ${code}, signal ${signal} instead of 1:\n${log}`);
  const last = log.trimEnd().split('\n').at(-1);
  if (!last.includes(statePath)) throw new Error(`the last line does not say how to go on: ${last}`);
}

/**
 * Each: `arrange` before a run, `end` while it runs (resolves with how long it took to stop, when it has), `check` of
 * what came of it, `relent` before the last run, `release` after all. `slow`: whether runs are to be slowed down.
 */
export const ENDINGS = {
  kill: ({ random }) => ({
    slow: true,
    end: (run, moments) => signalled(run, 'SIGKILL', random, moments.working, moments.workMs, moments.finishing),
    check: ({ signal, log }) => {
      if (signal !== 'SIGKILL') throw new Error(`ended by itself:\n${log}`);
    },
  }),

  interrupt: ({ random }) => ({
    slow: true,
    end: (run, moments) => {
      const signal = random.pick(['SIGINT', 'SIGTERM', 'SIGHUP']);
      return signalled(run, signal, random, moments.working, moments.workMs, moments.finishing);
    },
    // Before anything is begun there is nothing to say; before the program is loaded the signal ends it.
    check: (ended, statePath) => {
      if (ended.log.includes('Starting backup for')) mustExplain(ended, statePath);
    },
  }),

  /** Connections break all the time, which a run gets over; and then the cluster is gone. */
  cut: ({ random, cluster }) => ({
    slow: true,
    flags: ['--max-retries', '1'],
    arrange: () => {
      const cut = { afterBytes: 50 * KIB + random.below(300 * KIB) };
      cluster.nodes[0].misbehave({ cut, refuseConnections: false });
    },
    end: async (run, { working, workMs }) => {
      await run.until(working);
      await sleep(random.below(workMs));
      cluster.nodes[0].misbehave({ refuseConnections: true });
      cluster.nodes[0].dropConnections();
      const at = performance.now();
      await run.done;
      return performance.now() - at;
    },
    check: mustExplain,
    relent: () => cluster.nodes[0].behave(),
    release: () => cluster.nodes[0].behave(),
  }),

  /** The folder is a small disk of its own, where something else takes most of the room. */
  disk: ({ random, folder }) => {
    const ballast = join(folder, 'ballast');
    mount(folder);
    writeFileSync(ballast, '');
    return {
      slow: true,
      arrange: () => {
        const { bavail, bsize } = statfsSync(folder);
        const roomBytes = 600 * KIB + random.below(900 * KIB);
        // It gets larger only, so that the disk is full again while there is anything left to write.
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - roomBytes)), { flag: 'a' });
      },
      end: (run) => run.done.then(() => 0),
      check: (ended, statePath) => {
        mustExplain(ended, statePath);
        if (!ended.log.includes('ENOSPC')) throw new Error(`not for want of room:\n${ended.log}`);
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

function mount(folder) {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${TMPFS_BYTES}`, 'tmpfs', folder]);
  if (status !== 0) throw new Error(`no small disk: ${stderr}`);
}

function unmount(folder) {
  spawnSync('umount', [folder]);
}

/** Whether small disks can be had: by root, where containers allow it. */
export function hasDisks(folder) {
  try {
    mount(folder);
  } catch {
    return false;
  }
  unmount(folder);
  return true;
}

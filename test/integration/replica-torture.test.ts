/**
 * Three replicas of the service on one directory, killed and stopped at random: a short form of
 * `scripts/replica-torture`. A failure names its seed, with which REPLICA_SEED=… repeats it, apart from the machine's
 * timing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import { ProcessGuard } from '../../scripts/replicas/process-guard.js';
import { tortureReplicas } from '../../scripts/replicas/torture.js';
import { scratch } from '../support/target.js';

const SEED = Number(process.env.REPLICA_SEED ?? 77);
const KILLS = 6;

const work = scratch();
afterAll(() => work.remove());

it('processes that are guarded, stopped ones too, end with the one that has started them', async () => {
  const guard = new ProcessGuard();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  guard.add(child);
  child.kill('SIGSTOP');
  const exited = once(child, 'exit');
  // What its end does to the pipe of the guard.
  guard.close();
  expect(await exited).toEqual([null, 'SIGKILL']);
});

it(`replicas that are killed ${KILLS} times, make each firing once (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const { problems, ...totals } = await tortureReplicas({ folder: work.path, kills: KILLS, seed: SEED });
  expect(problems).toEqual([]);
  expect(totals).toMatchObject({ kills: KILLS, lost: 0, doubled: 0 });
  expect(totals.backups).toBeGreaterThan(0);
});

/**
 * Three replicas of the service on one directory, killed and stopped at random: a short form of
 * `scripts/replica-torture`. A failure names its seed, with which REPLICA_SEED=… repeats it, apart from the machine's
 * timing.
 */
import { afterAll, expect, it } from 'vitest';
import { tortureReplicas } from '../../scripts/replicas/torture.js';
import { scratch } from '../support/target.js';

const SEED = Number(process.env.REPLICA_SEED ?? 77);
const KILLS = 6;

const work = scratch();
afterAll(() => work.remove());

it(`replicas that are killed ${KILLS} times, make each firing once (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const { problems, ...totals } = await tortureReplicas({ folder: work.path, kills: KILLS, seed: SEED });
  expect(problems).toEqual([]);
  expect(totals).toMatchObject({ kills: KILLS, lost: 0, doubled: 0 });
  expect(totals.backups).toBeGreaterThan(0);
});

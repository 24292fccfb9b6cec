/**
 * Nothing is lost, whatever ends a run and whenever it does: a short form of `scripts/torture`. A failure names its
 * seed, with which CRASH_TEST_SEED=… repeats it, apart from the machine's timing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  crashBackups,
  crashRestores,
  type CrashTestOptions,
  type CrashTestTotals,
} from '../../scripts/crash-test/crash-test.js';
import { canMountDisks } from '../../scripts/crash-test/kill-modes.js';
import { COMBINATIONS } from '../../scripts/crash-test/targets.js';
import { scratch } from '../support/target.js';

const SEED = Number(process.env.CRASH_TEST_SEED ?? 77);
const KILLS = 20;
/** Several are under way at a time, and each waits most of the time. */
const TIMEOUT_MS = 600_000;

const work = scratch();
afterAll(() => work.remove());
mkdirSync(join(work.path, 'disk'));
const disks = canMountDisks(join(work.path, 'disk'));

let count = 0;
const options = (how: CrashTestOptions['how'], stops: number): CrashTestOptions => {
  const number = count++;
  return { how, stops, seed: SEED + number, folder: join(work.path, String(number)) };
};
const only = (...names: string[]): typeof COMBINATIONS => COMBINATIONS.filter(({ name }) => names.includes(name));

function expectNoLoss(totals: CrashTestTotals, stops: number): void {
  expect(totals.problems).toEqual([]);
  expect(totals).toMatchObject({ stops, losses: 0, duplicates: 0 });
}

describe.concurrent('crash test', { timeout: TIMEOUT_MS }, () => {
  const all: CrashTestTotals[] = [];
  const restores: CrashTestTotals[] = [];

  it.each(COMBINATIONS.map((combination, i) => ({ ...combination, i })))(
    'backup that is killed again and again has each record once: $name',
    async ({ i, ...combination }) => {
      const stops = Math.floor((KILLS * (i + 1)) / COMBINATIONS.length) - Math.floor((KILLS * i) / COMBINATIONS.length);
      // The records of every other one change meanwhile.
      const totals = await crashBackups(combination, { ...options('kill', stops), changing: i % 2 === 1 });
      expectNoLoss(totals, stops);
      all.push(totals);
    },
  );

  it.each(only('plain, directory', 'zstd+aes256, file'))(
    'backup that is stopped by signals has each record once: $name',
    async (combination) => {
      const totals = await crashBackups(combination, options('interrupt', 2));
      expectNoLoss(totals, 2);
      // Less than any limit of time that it could be waiting for, on a machine that does other things, too.
      expect(totals.slowestStopMs).toBeLessThan(10_000);
      all.push(totals);
    },
  );

  it.each(only('zstd, directory', 'plain, file'))(
    'backup that loses the cluster has each record once: $name',
    async (combination) => {
      const totals = await crashBackups(combination, options('cut', 2));
      expectNoLoss(totals, 2);
      all.push(totals);
    },
  );

  it.skipIf(!disks).each(only('plain, directory', 'aes256, file'))(
    'backup whose disk was full has each record once: $name',
    async (combination) => {
      const totals = await crashBackups(combination, options('disk', 2));
      expectNoLoss(totals, 2);
      all.push(totals);
    },
  );

  it.each(only('plain, file', 'zstd+aes256, directory'))(
    'restore that is killed again and again writes every record: $name',
    async (combination) => {
      const totals = await crashRestores(combination, options('kill', 2));
      expectNoLoss(totals, 2);
      restores.push(totals);
    },
  );

  afterAll(() => {
    // Or else nothing was continued, and all this has proved nothing.
    for (const list of [all, restores]) {
      expect(list.reduce((sum, totals) => sum + totals.resumed, 0)).toBeGreaterThan(0);
    }
  });
});

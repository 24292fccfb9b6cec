/** What follows from the figures of a plan. */
import { describe, expect, it } from 'vitest';
import { chooseShards, compareShards, type PlanLoad, predict } from '../../../src/engine/plan/model.js';

const MIB = 1024 * 1024;
/** 1000 s of processor time, 100 GiB of text. */
const load: PlanLoad = {
  records: 1e9,
  textBytes: 102_400 * MIB,
  storedBytes: 51_200 * MIB,
  wireBytes: 102_400 * MIB,
  cpuSecondsPerRecord: 1e-6,
};

describe('a backup in shards', () => {
  it('without limits, takes the processor time divided by the workers', () => {
    const plan = predict(load, { cores: 4 }, 5);
    expect(plan).toMatchObject({ shards: 5, workers: 4, limit: 'cpu' });
    expect(plan.seconds).toBeCloseTo(50.5, 3);
    expect(plan.recordsPerSecond).toBeCloseTo(2e7, 0);
    expect(plan.receivedBytesPerSecond / MIB).toBeCloseTo(102_400 / 50 / 5, 3);
    expect(plan.sentBytesPerSecond / MIB).toBeCloseTo(51_200 / 50 / 5, 3);
    expect(plan.storedBytesPerSecond / MIB).toBeCloseTo(51_200 / 50, 3);
  });

  it.each([
    ['network', { networkBytesPerSecond: 100 * MIB }, 256],
    ['storage', { storageBytesPerSecond: 100 * MIB }, 512],
    ['cluster', { recordsPerSecond: 1e6 }, 1000],
  ] as const)('with a limit of the %s, takes as long as that', (limit, limits, seconds) => {
    const plan = predict(load, { cores: 16, ...limits }, 4);
    expect(plan.limit).toBe(limit);
    expect(plan.seconds).toBeCloseTo(seconds + 0.5, 3);
  });

  it('with little to do, is limited by the start of the processes', () => {
    const small = { ...load, records: 1000, textBytes: 1e5, storedBytes: 1e5, wireBytes: 1e5 };
    expect(predict(small, { cores: 1 }, 1)).toMatchObject({ limit: 'start' });
    const none = { records: 0, textBytes: 138, storedBytes: 138, wireBytes: 0, cpuSecondsPerRecord: 1e-6 };
    expect(predict(none, { cores: 1 }, 1)).toMatchObject({ recordsPerSecond: 0, receivedBytesPerSecond: 0 });
  });

  it('with many shards, has no more workers than there are partitions', () => {
    expect(predict(load, { cores: 64 }, 4096).workers).toBe(1);
    expect(predict(load, { cores: 1024 }, 1).workers).toBe(100);
  });
});

describe('the number of shards', () => {
  it('is one if no time is given', () => {
    expect(chooseShards(load, { cores: 4 })?.shards).toBe(1);
  });

  it('is the smallest that is done in four fifths of the time', () => {
    const goal = { cores: 4, withinSeconds: 60 };
    const chosen = chooseShards(load, goal)!;
    expect(chosen.seconds).toBeLessThanOrEqual(48);
    expect(predict(load, goal, chosen.shards - 1).seconds).toBeGreaterThan(48);
    expect(chosen.shards).toBe(6);
  });

  it('is none if a limit that all shards share takes longer', () => {
    const goal = { cores: 4, withinSeconds: 600, storageBytesPerSecond: 100 * MIB };
    expect(chooseShards(load, goal)).toBeUndefined();
    expect(compareShards(load, goal, undefined).map(({ shards }) => shards)).toEqual([1, 2, 4, 8, 16]);
  });

  it('is none if the time is shorter than a start', () => {
    expect(chooseShards({ ...load, records: 0 }, { cores: 1, withinSeconds: 0.5 })).toBeUndefined();
  });

  it('is compared with others', () => {
    expect(compareShards(load, { cores: 4 }, 6).map(({ shards }) => shards)).toEqual([1, 2, 4, 6, 8]);
  });
});

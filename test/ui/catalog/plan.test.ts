/** How a plan is shown. */
import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../../src/engine/plan/measure.js';
import type { PlanGoal } from '../../../src/engine/plan/model.js';
import { toPlan } from '../../../src/engine/plan/plan.js';
import { formatPlan, formatPlanJson, planCommands } from '../../../src/ui/catalog/plan.js';

const measured: Measurement = {
  nodes: 3,
  build: '8.1.0.3',
  replicationFactor: 2,
  isMigrating: false,
  records: 1_000_000_000,
  sindexes: 2,
  udfs: 1,
  sampledRecords: 20_000,
  recordBytes: 1024,
  recordBytesError: 0.01,
  wireRecordBytes: 900,
  headerBytes: 100,
  compressionRatio: 0.25,
  cost: { cpuSecondsPerRecord: 2e-6, basis: 'measured', records: 90_000 },
};
const words = { host: '10.0.0.1:3000', repeated: ['--namespace', 'test', '--set', "it's"] };
const planFor = (goal: PlanGoal, changes: Partial<Measurement> = {}) =>
  toPlan('test', false, { ...measured, ...changes }, goal);

describe('a plan', () => {
  it('in several shards, has the commands of each scheduler, as a shell takes them', () => {
    const plan = planFor({ cores: 4, withinSeconds: 300 });
    expect(plan.chosen).toMatchObject({ shards: 3, workers: 4, limit: 'cpu' });
    const commands = planCommands(plan, words)!;
    const repeated = `--host 10.0.0.1:3000 --namespace test --set 'it'\\''s' --parallel 4`;
    expect(commands.asbackup).toBe(`asbackup ${repeated} --directory DIR --shard I/3`);
    expect(commands.asb).toBe(`asb backup ROOT --id ID ${repeated} --shard I/3`);
    expect(commands.slurm).toBe(
      'sbatch --array=0-2 --cpus-per-task=4 --export=ALL,NAMESPACE=test,DIRECTORY=DIR asbackup-array.sbatch ' +
        `--host 10.0.0.1:3000 --set 'it'\\''s' --parallel 4`,
    );
    expect(commands.kubernetes).toMatchObject({ completions: 3, parallelism: 3, env: 'SHARD_COUNT=3' });
    const text = formatPlan(plan, words);
    expect(text).toMatch(/^3 \* +4 /m);
    expect(text).toContain(commands.slurm);
    expect(text).toMatch(/^Backup, plain +953\.7 GiB +sampled, within 1\.0 % \(95 %\)$/m);
    expect(text).toMatch(/^Processor time +2000\.9 s +measured here, within 50 %$/m);
    expect(JSON.parse(formatPlanJson(plan, words))).toMatchObject({ chosen: { shards: 3 }, commands });
  });

  it('that cannot be done in time, says what limits and has no commands', () => {
    const plan = planFor({ cores: 4, withinSeconds: 300, recordsPerSecond: 100_000 });
    expect(planCommands(plan, words)).toBeUndefined();
    expect(formatPlan(plan, words)).toContain(
      'No number of shards is done within 5m0s: the limit is the records per second',
    );
    expect(JSON.parse(formatPlanJson(plan, words))).not.toHaveProperty('commands');
  });

  it('of a cluster whose partitions move, says so', () => {
    const plan = planFor({ cores: 1 }, { isMigrating: true });
    expect(formatPlan(plan, words)).toContain('counted, but partitions are moving');
    expect(plan.records).not.toHaveProperty('error');
  });

  it('of records that could not be read, knows no size', () => {
    const plan = planFor({ cores: 1 }, { sampledRecords: 0, recordBytes: 0 });
    expect(formatPlan(plan, words)).toContain('unknown: no record was read');
  });
});

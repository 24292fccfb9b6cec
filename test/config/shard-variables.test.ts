import { describe, expect, it } from 'vitest';
import { readShardVariables, resolveShard } from '../../src/config/shard-variables.js';

const slurm = (id: number, count: number, first: number, step: number): NodeJS.ProcessEnv => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_COUNT: String(count),
  SLURM_ARRAY_TASK_MIN: String(first),
  SLURM_ARRAY_TASK_STEP: String(step),
});

describe('the shard that a scheduler tells', () => {
  it.each<[string, NodeJS.ProcessEnv, number, number]>([
    ['an Indexed Job', { JOB_COMPLETION_INDEX: '3', SHARD_COUNT: '8' }, 3, 8],
    ['Nomad', { NOMAD_ALLOC_INDEX: '0', SHARD_COUNT: '2' }, 0, 2],
    ['an array from 0', slurm(7, 8, 0, 1), 7, 8],
    ['an array from 1', slurm(8, 8, 1, 1), 7, 8],
    ['an array with a step', slurm(14, 4, 2, 4), 3, 4],
    ['an array without its bounds', { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_COUNT: '4' }, 2, 4],
    ['one task of an array that is submitted again', { ...slurm(3, 1, 3, 1), SHARD_COUNT: '8' }, 3, 8],
  ])('%s, is its index and count', (_name, env, index, count) => {
    expect(readShardVariables(env)).toEqual({ index, count });
  });

  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['no scheduler', {}, 'no scheduler tells'],
    ['an empty variable', { JOB_COMPLETION_INDEX: '' }, 'no scheduler tells'],
    ['no count', { JOB_COMPLETION_INDEX: '0' }, 'set SHARD_COUNT'],
    ['two schedulers', { JOB_COMPLETION_INDEX: '0', SLURM_ARRAY_TASK_ID: '0', SHARD_COUNT: '1' }, 'two schedulers'],
    ['an index beyond the count', { NOMAD_ALLOC_INDEX: '2', SHARD_COUNT: '2' }, 'the numbers are 0 to 1'],
    ['a text', { JOB_COMPLETION_INDEX: 'x', SHARD_COUNT: '2' }, 'JOB_COMPLETION_INDEX is not a number'],
    ['an array with gaps', slurm(7, 3, 1, 1), 'the array has gaps'],
    ['too many shards', { JOB_COMPLETION_INDEX: '0', SHARD_COUNT: '5000' }, '1 to 4096 shards'],
  ])('%s, is an error', (_name, env, text) => {
    expect(() => readShardVariables(env)).toThrow(text);
  });

  it('is not asked for where the shard is given', () => {
    expect(resolveShard({ index: 1, count: 2 }, { JOB_COMPLETION_INDEX: '0' })).toEqual({ index: 1, count: 2 });
  });
});

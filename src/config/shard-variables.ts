/** Which shard a process is, told by the scheduler that has started it. */
import type { Shard } from '../core/shard.js';
import { OptionError } from './option-error.js';
import { checkShard, type ShardChoice } from './values/shard.js';
import { ValueError } from './values/value-error.js';

/** The number of shards, where the scheduler does not tell it. */
const COUNT_VARIABLE = 'SHARD_COUNT';

/**
 * The variable that has the index of each scheduler. Slurm tells the count, too; for the others the job has to set it.
 */
const INDEX_VARIABLES = {
  'an Indexed Job of Kubernetes': 'JOB_COMPLETION_INDEX',
  'an array of Slurm': 'SLURM_ARRAY_TASK_ID',
  Nomad: 'NOMAD_ALLOC_INDEX',
} as const;

type Scheduler = keyof typeof INDEX_VARIABLES;

export function resolveShard(choice: ShardChoice, env: NodeJS.ProcessEnv): Shard {
  return choice === 'auto' ? readShardVariables(env) : choice;
}

/**
 * SHARD_COUNT overrides the count of Slurm, so that one task of an array can be submitted again: the task id is the
 * index then. Throws OptionError.
 */
export function readShardVariables(env: NodeJS.ProcessEnv): Shard {
  const schedulers = (Object.keys(INDEX_VARIABLES) as Scheduler[]).filter((name) => isSet(env[INDEX_VARIABLES[name]]));
  const [scheduler] = schedulers;
  if (scheduler === undefined) {
    const names = Object.values(INDEX_VARIABLES).join(', ');
    throw shardError(`no scheduler tells which shard this process is: none of ${names} is set`);
  }
  if (schedulers.length > 1) {
    const found = schedulers.map((name) => INDEX_VARIABLES[name]).join(' and ');
    throw shardError(`${found} are set: two schedulers tell which shard this process is`);
  }
  const variable = INDEX_VARIABLES[scheduler];
  if (isSet(env[COUNT_VARIABLE])) return check(readNumber(env, variable), readNumber(env, COUNT_VARIABLE), variable);
  if (scheduler !== 'an array of Slurm') {
    throw shardError(`${scheduler} does not tell how many shards there are: set ${COUNT_VARIABLE} to their number`);
  }
  return readSlurm(env, variable);
}

/** The ids of an array need not begin at 0, and may have a step. */
function readSlurm(env: NodeJS.ProcessEnv, variable: string): Shard {
  const id = readNumber(env, variable);
  const count = readNumber(env, 'SLURM_ARRAY_TASK_COUNT');
  const first = isSet(env.SLURM_ARRAY_TASK_MIN) ? readNumber(env, 'SLURM_ARRAY_TASK_MIN') : 0;
  const step = isSet(env.SLURM_ARRAY_TASK_STEP) ? Math.max(1, readNumber(env, 'SLURM_ARRAY_TASK_STEP')) : 1;
  const index = (id - first) / step;
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) {
    const text = `the array has gaps: task ${id} is none of ${count} from ${first} in steps of ${step}`;
    throw shardError(`${text}; set ${COUNT_VARIABLE} to the number of shards, and let the tasks begin at 0`);
  }
  return check(index, count, variable);
}

function check(index: number, count: number, variable: string): Shard {
  try {
    return checkShard(index, count);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw shardError(`${error.message} (${variable})`);
  }
}

function readNumber(env: NodeJS.ProcessEnv, name: string): number {
  const text = env[name] ?? '';
  if (!/^\d{1,9}$/.test(text)) throw shardError(`the environment variable ${name} is not a number`);
  return Number(text);
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function shardError(reason: string): OptionError {
  return new OptionError('OPTION_VALUE', `Invalid value "auto" for the shard: ${reason}`);
}

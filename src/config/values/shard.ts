import { MAX_SHARDS, type Shard } from '../../core/shard.js';
import { ValueError } from './value-error.js';

/** `auto`: what the scheduler that has started the process says (shard-variables.ts). */
export type ShardChoice = Shard | 'auto';

/** `I/N`, I from 0, or `auto`. */
export function parseShard(text: string): ShardChoice {
  if (text === 'auto') return text;
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  if (match === null) {
    throw new ValueError('expected I/N, the number of the shard from 0 and how many there are, or auto');
  }
  return checkShard(Number(match[1]), Number(match[2]));
}

/** Throws ValueError. */
export function checkShard(index: number, count: number): Shard {
  if (count < 1 || count > MAX_SHARDS) throw new ValueError(`expected 1 to ${MAX_SHARDS} shards, not ${count}`);
  if (index >= count) {
    const known = count === 1 ? 'the only shard is 0' : `of ${count} shards, the numbers are 0 to ${count - 1}`;
    throw new ValueError(`${known}, not ${index}`);
  }
  return { index, count };
}

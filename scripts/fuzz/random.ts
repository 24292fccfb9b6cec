/** Random numbers that can be repeated: the same seed gives the same sequence. */

export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** From 0 to 1. */
  fraction(): number;
  pick<T>(list: readonly T[]): T;
}

/** xorshift32. */
export function seededRandom(seed: number): Random {
  // Seeds that are close must not give sequences that are; and the state must not be 0.
  let state = Math.imul((seed >>> 0) ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 8; i++) next();
  return {
    below: (limit) => next() % limit,
    fraction: () => next() / 2 ** 32,
    pick: (list) => list[next() % list.length]!,
  };
}

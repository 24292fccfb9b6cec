export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** From 0 to 1. */
  fraction(): number;
  pick<T>(list: readonly T[]): T;
}

export function seededRandom(seed: number): Random;

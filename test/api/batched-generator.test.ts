import { describe, expect, it } from 'vitest';
import { BatchedGenerator } from '../../src/api/batched-generator.js';

interface Batches {
  generator: BatchedGenerator<number>;
  log: string[];
}

function createBatches(batches: readonly number[][], error?: Error): Batches {
  const log: string[] = [];
  async function* give(): AsyncGenerator<number[], void, undefined> {
    log.push('begun');
    try {
      for (const batch of batches) {
        await Promise.resolve();
        yield batch;
      }
      if (error !== undefined) throw error;
    } finally {
      log.push('ended');
    }
  }
  return { generator: new BatchedGenerator(give()), log };
}

async function collect(generator: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = [];
  for await (const one of generator) seen.push(one);
  return seen;
}

describe('BatchedGenerator', () => {
  it('gives the elements of all batches in their order', async () => {
    const { generator, log } = createBatches([[1, 2], [], [3]]);
    expect(log).toEqual([]);
    expect(await collect(generator)).toEqual([1, 2, 3]);
    expect(log).toEqual(['begun', 'ended']);
    expect(await generator.next()).toEqual({ done: true, value: undefined });
  });

  it('answers requests that are made at once in their order', async () => {
    const { generator } = createBatches([[1, 2], [3], [4, 5]]);
    const answers = await Promise.all(Array.from({ length: 7 }, () => generator.next()));
    expect(answers.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5, undefined, undefined]);
    expect(answers.map(({ done }) => done)).toEqual([false, false, false, false, false, true, true]);
  });

  it('gives what precedes an error, then the error, then its end', async () => {
    const { generator } = createBatches([[1]], new Error('broken'));
    expect(await generator.next()).toEqual({ done: false, value: 1 });
    await expect(generator.next()).rejects.toThrow('broken');
    expect(await generator.next()).toEqual({ done: true, value: undefined });
  });

  it('drops the rest of a batch and ends what gives the batches when a loop is left', async () => {
    const { generator, log } = createBatches([[1, 2, 3], [4]]);
    for await (const one of generator) if (one === 2) break;
    expect(log).toEqual(['begun', 'ended']);
    expect(await generator.next()).toEqual({ done: true, value: undefined });
  });

  it('ends after the requests before its return', async () => {
    const { generator, log } = createBatches([[1, 2], [3]]);
    const answers = await Promise.all([generator.next(), generator.return(), generator.next()]);
    expect(answers.map(({ value }) => value)).toEqual([1, undefined, undefined]);
    expect(log).toEqual(['begun', 'ended']);
  });

  it('rejects with an error that is thrown into it, and has ended', async () => {
    const { generator, log } = createBatches([[1, 2]]);
    await generator.next();
    await expect(generator.throw(new Error('mine'))).rejects.toThrow('mine');
    expect(log).toEqual(['begun', 'ended']);
    expect(await generator.next()).toEqual({ done: true, value: undefined });
  });
});

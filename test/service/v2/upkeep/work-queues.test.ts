import { describe, expect, it } from 'vitest';
import { WorkQueues } from '../../../../src/service/v2/upkeep/work-queues.js';

function createQueues() {
  const errors: unknown[] = [];
  const done: string[] = [];
  const queues = new WorkQueues<'CHECK' | 'COPY'>((error) => errors.push(error));
  /** Work that ends when it is told to. */
  const add = (kind: 'CHECK' | 'COPY', name: string): (() => void) => {
    let end = (): void => undefined;
    const gate = new Promise<void>((resolve) => (end = resolve));
    queues.add(kind, name, async () => {
      done.push(`${name} begins`);
      await gate;
      done.push(`${name} ends`);
    });
    return end;
  };
  return { queues, errors, done, add };
}

/** Resolves when work that was added before has ended. */
const ended = (queues: WorkQueues<'CHECK' | 'COPY'>, kind: 'CHECK' | 'COPY'): Promise<void> =>
  new Promise((resolve) => {
    queues.add(kind, 'last', () => {
      resolve();
      return Promise.resolve();
    });
  });

describe('queues of upkeep', () => {
  it('make work of one kind one after another', async () => {
    const { queues, done, add } = createQueues();
    const [endFirst, endSecond] = [add('CHECK', 'a'), add('CHECK', 'b')];
    endSecond();
    endFirst();
    await queues.settle();
    expect(done).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('of another kind, do not wait for work that does not end', async () => {
    const { queues, done, add } = createQueues();
    const endCheck = add('CHECK', 'long');
    add('COPY', 'short')();
    await ended(queues, 'COPY');
    expect(done).toEqual(['long begins', 'short begins', 'short ends']);
    endCheck();
    await queues.settle();
    expect(done.at(-1)).toBe('long ends');
  });

  it('take work of a name again only after it has ended', async () => {
    const { queues, done, add } = createQueues();
    const end = add('CHECK', 'a');
    add('CHECK', 'a');
    add('COPY', 'a')();
    end();
    await queues.settle();
    expect(done.filter((line) => line === 'a ends')).toHaveLength(2);
    add('CHECK', 'a')();
    await queues.settle();
    expect(done.filter((line) => line === 'a ends')).toHaveLength(3);
  });

  it('go on after work that fails', async () => {
    const { queues, errors, done, add } = createQueues();
    queues.add('CHECK', 'bad', () => Promise.reject(new Error('it broke')));
    add('CHECK', 'good')();
    await queues.settle();
    expect(errors).toEqual([new Error('it broke')]);
    expect(done).toEqual(['good begins', 'good ends']);
  });

  it('that are stopped, end what is under way and leave out the rest', async () => {
    const { queues, done, add } = createQueues();
    const end = add('CHECK', 'a');
    add('CHECK', 'b')();
    await ended(queues, 'COPY');
    const stopped = queues.stop();
    end();
    await stopped;
    add('COPY', 'c')();
    await queues.settle();
    expect(done).toEqual(['a begins', 'a ends']);
  });
});

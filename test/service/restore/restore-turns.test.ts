import { describe, expect, it } from 'vitest';
import { RestoreTurns } from '../../../src/service/restore/restore-turns.js';

describe('restores that run at once', () => {
  it('more than the limit, wait in their order', async () => {
    const turns = new RestoreTurns(2);
    const { signal } = new AbortController();
    const [first, second] = [await turns.take(signal), await turns.take(signal)];
    const order: number[] = [];
    const waiting = [3, 4].map((number) =>
      turns.take(signal).then((end) => {
        order.push(number);
        return end;
      }),
    );
    expect(order).toEqual([]);
    first();
    (await waiting[0]!)();
    await waiting[1];
    second();
    expect(order).toEqual([3, 4]);
  });

  it('one that is canceled while it waits, ends at once and takes no turn', async () => {
    const turns = new RestoreTurns(1);
    const canceling = new AbortController();
    const { signal } = new AbortController();
    const end = await turns.take(signal);
    const canceled = turns.take(canceling.signal);
    const next = turns.take(signal);
    canceling.abort(new Error('canceled'));
    await expect(canceled).rejects.toThrow('canceled');
    end();
    (await next)();
    (await turns.take(signal))();
  });

  it('one that was canceled before, takes no turn', async () => {
    const turns = new RestoreTurns(1);
    await expect(turns.take(AbortSignal.abort(new Error('canceled')))).rejects.toThrow('canceled');
    (await turns.take(new AbortController().signal))();
  });
});

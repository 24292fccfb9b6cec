import { expect, it } from 'vitest';
import { LeaseWatch } from '../../../src/service/replicas/lease-watch.js';

class Time {
  nowMs = 0;
  monotonicMs(): number {
    return this.nowMs;
  }
}

function open(): { time: Time; look: (content: string, tookMs?: number) => boolean } {
  const time = new Time();
  const watch = new LeaseWatch(1000, time);
  const look = (content: string, tookMs = 0): boolean => {
    const askedMs = time.nowMs;
    time.nowMs += tookMs;
    return watch.isExpired('run', content, askedMs);
  };
  return { time, look };
}

it('a lease that nobody renews, ends after its time', () => {
  const { time, look } = open();
  expect(look('1')).toBe(false);
  time.nowMs += 999;
  expect(look('1')).toBe(false);
  time.nowMs += 1;
  expect(look('1')).toBe(true);
});

it('a lease that is renewed, does not end', () => {
  const { time, look } = open();
  for (let i = 0; i < 10; i++) {
    expect(look(String(i))).toBe(false);
    time.nowMs += 900;
  }
});

it('an answer that comes late, counts as of the question', () => {
  const { time, look } = open();
  look('1');
  time.nowMs += 500;
  // Asked at 500, answered at 5500: the lease may have been renewed meanwhile.
  expect(look('1', 5000)).toBe(false);
});

it('a process that was stopped itself, watches a whole lease before it says that another is gone', () => {
  const { time, look } = open();
  look('1');
  time.nowMs += 60_000;
  expect(look('1')).toBe(false);
  time.nowMs += 500;
  expect(look('1')).toBe(false);
  time.nowMs += 500;
  expect(look('1')).toBe(true);
});

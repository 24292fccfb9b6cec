import { describe, expect, it } from 'vitest';
import { parseCron } from '../../../src/service/schedule/cron.js';
import { CronTimer } from '../../../src/service/schedule/cron-timer.js';
import { FakeClock } from '../../support/fake-clock.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-05-01T00:30:00Z');

function startTimer(text: string): { clock: FakeClock; due: string[]; timer: CronTimer } {
  const clock = new FakeClock(START_MS);
  const due: string[] = [];
  const timer = new CronTimer(parseCron(text), clock, (dueMs) => due.push(new Date(dueMs).toISOString()));
  return { clock, due, timer };
}

describe('cron timer', () => {
  it('fires at each time, once', () => {
    const { clock, due } = startTimer('0 0 * * * *');
    clock.advance(2 * HOUR_MS);
    expect(due).toEqual(['2026-05-01T01:00:00.000Z', '2026-05-01T02:00:00.000Z']);
  });

  it('a time farther away than a timer can wait, fires in time and not at once', () => {
    const { clock, due } = startTimer('0 0 0 1 7 ?');
    clock.advance(60 * 24 * HOUR_MS);
    expect(due).toEqual([]);
    clock.advance(2 * 24 * HOUR_MS);
    expect(due).toEqual(['2026-07-01T00:00:00.000Z']);
  });

  it('a clock that leaps over several times fires once', () => {
    const { clock, due, timer } = startTimer('0 0 * * * *');
    clock.set(START_MS + 10 * HOUR_MS);
    clock.advance(10_000);
    expect(due).toEqual(['2026-05-01T01:00:00.000Z']);
    expect(new Date(timer.next!).toISOString()).toBe('2026-05-01T11:00:00.000Z');
  });

  it('a clock that is put back by a second does not fire again', () => {
    const { clock, due } = startTimer('0 0 * * * *');
    clock.advance(HOUR_MS / 2);
    clock.set(Date.parse('2026-05-01T00:59:59Z'));
    clock.advance(10_000);
    expect(due).toEqual(['2026-05-01T01:00:00.000Z']);
  });

  it('a clock that was a year ahead does not stop the schedule for a year', () => {
    const { clock, due } = startTimer('0 0 * * * *');
    clock.set(START_MS + 365 * 24 * HOUR_MS);
    clock.advance(10_000);
    due.length = 0;
    clock.set(START_MS);
    clock.advance(HOUR_MS);
    expect(due).toEqual(['2026-05-01T01:00:00.000Z']);
  });

  it('a timer that was stopped leaves nothing behind', () => {
    const { clock, due, timer } = startTimer('0 0 * * * *');
    timer.stop();
    clock.advance(2 * HOUR_MS);
    expect(due).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('a schedule without a next time waits for nothing', () => {
    const { clock, timer } = startTimer('0 0 1 * * * 2020');
    expect(timer.next).toBeUndefined();
    expect(clock.waiting).toBe(0);
  });
});

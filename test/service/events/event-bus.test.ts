import { describe, expect, it } from 'vitest';
import { EventBus } from '../../../src/service/events/event-bus.js';
import type { ServiceEvent } from '../../../src/service/events/event.js';
import { Throttle } from '../../../src/service/events/throttle.js';

function collect(bus: EventBus, after?: number): ServiceEvent[] {
  const events: ServiceEvent[] = [];
  bus.subscribe((event) => events.push(event), after === undefined ? {} : { after });
  return events;
}

describe('EventBus', () => {
  it('gives an event to every listener, with an id and a time', () => {
    const bus = new EventBus({ nowMs: () => 1_777_683_600_000 });
    const [one, two] = [collect(bus), collect(bus)];
    bus.publish({ type: 'backup.started', routine: 'nightly' });
    expect(one).toEqual([
      { id: 1_777_683_600_000_000, time: '2026-05-02T01:00:00.000Z', type: 'backup.started', routine: 'nightly' },
    ]);
    expect(two).toEqual(one);
  });

  it('of a later process has greater ids', () => {
    const [first, second] = [new EventBus({ nowMs: () => 1000 }), new EventBus({ nowMs: () => 1001 })];
    for (let i = 0; i < 900; i++) first.publish({ type: 'backup.progress' });
    second.publish({ type: 'backup.started' });
    expect(second.lastId).toBeGreaterThan(first.lastId);
  });

  it('replays what a listener has missed, and forgets the oldest', () => {
    const bus = new EventBus({ capacity: 3, nowMs: () => 1 });
    for (let i = 0; i < 5; i++) bus.publish({ type: 'backup.progress', message: String(i) });
    const { lastId } = bus;
    expect(collect(bus).length).toBe(0);
    expect(collect(bus, lastId - 2).map(({ message }) => message)).toEqual(['3', '4']);
    expect(collect(bus, 0).map(({ message }) => message)).toEqual(['2', '3', '4']);
    expect([lastId - 4, lastId - 3, lastId, lastId + 1].map((id) => bus.remembers(id))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('goes on if a listener throws or leaves while it is told', () => {
    const errors: unknown[] = [];
    const bus = new EventBus({ onListenerError: (error) => errors.push(error) });
    bus.subscribe(() => {
      throw new Error('broken');
    });
    const leave = bus.subscribe(() => leave());
    const events = collect(bus);
    bus.publish({ type: 'config.changed' });
    bus.publish({ type: 'config.changed' });
    expect(events.length).toBe(2);
    expect(errors.length).toBe(2);
  });

  it('takes secrets out of messages', () => {
    const bus = new EventBus({ redact: (text) => text.replace('hunter2', '[secret]') });
    const events = collect(bus);
    bus.publish({ type: 'backup.failed', message: 'login hunter2 refused' });
    expect(events[0]?.message).toBe('login [secret] refused');
  });
});

describe('Throttle', () => {
  it('lets one call through in each interval', () => {
    let now = 0;
    const throttle = new Throttle(() => now, 1000);
    const due = [0, 10, 999, 1000, 1500, 2100].map((at) => {
      now = at;
      return throttle.isDue();
    });
    expect(due).toEqual([true, false, false, true, false, true]);
  });
});

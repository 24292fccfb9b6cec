import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import type { Webhook } from '../../../src/service/document/schema/webhook.js';
import { DeadLetterStore } from '../../../src/service/events/dead-letter-store.js';
import { EventBus } from '../../../src/service/events/event-bus.js';
import { wantsEvent } from '../../../src/service/events/event-pattern.js';
import type { EventType, ServiceEvent } from '../../../src/service/events/event.js';
import { Webhooks, type WebhooksOptions } from '../../../src/service/events/webhooks.js';
import { logText, type Log } from '../../../src/core/log.js';
import { FakeClock } from '../../support/fake-clock.js';

const HOOK: Webhook = {
  url: 'https://hooks.example.net/',
  secret: 'a key of many characters',
  events: ['*'],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'webhooks-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Lets everything go on that waits for nothing but itself. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function open(
  webhooks: Record<string, Webhook>,
  options: Partial<WebhooksOptions> & { dataDirectory?: string } = {},
) {
  const clock = new FakeClock(Date.parse('2026-05-02T09:00:00Z'));
  const events = new EventBus({ nowMs: () => clock.nowMs() });
  const lines: string[] = [];
  const say: Log['info'] = (line) => void lines.push(logText(line));
  const log: Log = { info: say, error: say, verbose: () => undefined };
  const sent: { id: string; type: string; url: string; atMs: number }[] = [];
  const refusals: Error[] = [];
  const config: { document: ServiceDocument } = { document: { webhooks } };
  const { dataDirectory, ...more } = options;
  const letters = await DeadLetterStore.open({ dataDirectory, log });
  const hooks = new Webhooks({
    config,
    events,
    letters,
    clock,
    log,
    resolveSecret: ({ secret }) => Promise.resolve(secret),
    send: ({ id, body }, { url }) => {
      const { type } = JSON.parse(body) as ServiceEvent;
      sent.push({ id, type, url, atMs: clock.nowMs() });
      const refusal = refusals.shift();
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    },
    ...more,
  });
  return { clock, events, hooks, sent, refusals, lines, letters, config };
}

describe('webhooks', () => {
  it('get the events that they want, in their order', async () => {
    const { events, hooks, sent } = await open({
      all: HOOK,
      failures: {
        ...HOOK,
        events: ['backup.failed'],
        url: 'https://two.example.net/',
      },
      off: { ...HOOK, disabled: true },
    });
    events.publish({ type: 'backup.started' });
    events.publish({ type: 'backup.failed' });
    await hooks.idle();
    expect(sent.map(({ type, url }) => `${type} ${new URL(url).host}`).sort()).toEqual([
      'backup.failed hooks.example.net',
      'backup.failed two.example.net',
      'backup.started hooks.example.net',
    ]);
  });

  it('that fail are asked again under the same id, later and later, before the next event', async () => {
    const { clock, events, hooks, sent, refusals } = await open({ ops: HOOK });
    refusals.push(new Error('no'), new Error('no'), new Error('no'));
    events.publish({ type: 'backup.failed' });
    events.publish({ type: 'backup.started' });
    for (const delay of [1000, 2000, 4000]) {
      await settle();
      clock.advance(delay);
    }
    await hooks.idle();
    expect(sent.map(({ type }) => type)).toEqual([
      'backup.failed',
      'backup.failed',
      'backup.failed',
      'backup.failed',
      'backup.started',
    ]);
    expect(new Set(sent.slice(0, 4).map(({ id }) => id)).size).toBe(1);
    expect(sent.slice(1, 4).map(({ atMs }, i) => atMs - sent[i]!.atMs)).toEqual([1000, 2000, 4000]);
    expect(hooks.list()['dead-letters']).toEqual([]);
  });

  it('that fail for good leave a dead letter, which can be sent again', async () => {
    const { clock, events, hooks, sent, refusals, lines } = await open({ ops: HOOK }, { maxAttempts: 2 });
    refusals.push(new Error('the server answered 503'), new Error('the server answered 502'));
    events.publish({ type: 'backup.failed', routine: 'nightly' });
    await settle();
    clock.advance(1000);
    await hooks.idle();
    const [letter] = hooks.list()['dead-letters'];
    expect(letter).toMatchObject({
      webhook: 'ops',
      attempts: 2,
      reason: 'the server answered 502',
      'given-up': '2026-05-02T09:00:01.000Z',
      event: { type: 'backup.failed', routine: 'nightly' },
    });
    expect(lines.join()).toContain('The webhook ops did not take the event backup.failed: the server answered 502');
    expect(hooks.retry('none')).toBe(false);
    expect(hooks.retry(letter!.id)).toBe(true);
    await hooks.idle();
    expect(sent.at(-1)?.id).toBe(letter!.id);
    expect(hooks.list()['dead-letters']).toEqual([]);
  });

  it('that are slow have a queue with an end', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { events, hooks } = await open({ ops: HOOK }, { queueLength: 2, send: () => gate });
    for (let i = 0; i < 5; i++) events.publish({ type: 'backup.started', backup: String(i) });
    expect(hooks.list()['dead-letters'].map(({ event }) => event.backup)).toEqual(['4', '3', '2']);
    release();
    await hooks.idle();
    expect(hooks.list()['dead-letters']).toHaveLength(3);
  });

  it('that are no longer configured are asked no more', async () => {
    const { clock, events, hooks, sent, refusals, config } = await open({
      ops: HOOK,
    });
    refusals.push(new Error('no'));
    events.publish({ type: 'backup.failed' });
    await settle();
    config.document = {};
    clock.advance(1000);
    await hooks.idle();
    expect(sent).toHaveLength(1);
    expect(hooks.list()['dead-letters']).toEqual([]);
  });

  it('whose events were not delivered when the service ends have them as dead letters after a restart', async () => {
    const first = await open({ ops: HOOK }, { dataDirectory: directory });
    first.refusals.push(new Error('no'));
    first.events.publish({ type: 'backup.failed', backup: '1' });
    first.events.publish({ type: 'backup.failed', backup: '2' });
    await settle();
    await first.hooks.stop();
    const second = await open({ ops: HOOK }, { dataDirectory: directory });
    const letters = second.hooks.list()['dead-letters'];
    expect(letters.map(({ event }) => event.backup)).toEqual(['2', '1']);
    expect(letters[0]?.reason).toBe('the service has ended before it was delivered');
    expect(second.hooks.remove(letters[0]!.id)).toBe(true);
    expect(second.hooks.remove(letters[0]!.id)).toBe(false);
    await second.hooks.stop();
    const third = await open({ ops: HOOK }, { dataDirectory: directory });
    expect(third.hooks.list()['dead-letters']).toHaveLength(1);
    expect(readFileSync(join(directory, 'webhook-dead-letters.json'), 'utf8')).not.toContain(HOOK.secret);
  });
});

describe('dead letters', () => {
  it('are bounded: the oldest is forgotten and counted', async () => {
    const { letters } = await open({});
    const store = await DeadLetterStore.open({
      log: {
        info: () => undefined,
        error: () => undefined,
        verbose: () => undefined,
      },
      capacity: 2,
    });
    for (const id of ['a', 'b', 'c']) {
      const event = {
        id: 1,
        time: '2026-05-02T09:00:00Z',
        type: 'backup.failed',
      } as const;
      store.add({
        id,
        webhook: 'ops',
        attempts: 1,
        reason: 'no',
        'given-up': '2026-05-02T09:00:00Z',
        event,
      });
    }
    expect(store.list()['dead-letters'].map(({ id }) => id)).toEqual(['c', 'b']);
    expect(store.list().dropped).toBe(1);
    expect(letters.list()).toEqual({ 'dead-letters': [], dropped: 0 });
  });

  it('of a file that is damaged are reported, and the service goes on', async () => {
    for (const text of ['{', '[]', '{"letters":[{"id":1}]}', '{"letters":{}}']) {
      writeFileSync(join(directory, 'webhook-dead-letters.json'), text);
      const { hooks, lines } = await open({}, { dataDirectory: directory });
      expect(hooks.list()['dead-letters']).toEqual([]);
      expect(lines.join()).toContain('Dead letters of webhooks cannot be read');
    }
  });
});

describe('wishes of a webhook', () => {
  const event = (type: EventType, routine?: string): ServiceEvent => ({
    id: 1,
    time: '2026-05-02T09:00:00Z',
    type,
    ...(routine === undefined ? {} : { routine }),
  });

  it('are types, beginnings of types, or all; progress is wanted by its name only', () => {
    const wants = (events: string[] | undefined, type: EventType): boolean =>
      wantsEvent({ url: '', secret: '', ...(events === undefined ? {} : { events }) }, event(type));
    expect(wants(['backup.failed'], 'backup.failed')).toBe(true);
    expect(wants(['backup.failed'], 'restore.failed')).toBe(false);
    expect(wants(['backup.*'], 'backup.started')).toBe(true);
    expect(wants(['backup.*'], 'backup.progress')).toBe(false);
    expect(wants(['*'], 'backup.progress')).toBe(false);
    expect(wants(['*'], 'config.changed')).toBe(true);
    expect(wants(['backup.progress'], 'backup.progress')).toBe(true);
    expect(wants(undefined, 'routine.rpo-missed')).toBe(true);
    expect(wants(undefined, 'backup.completed')).toBe(false);
  });

  it('may be those of some routines only', () => {
    const hook = { url: '', secret: '', events: ['*'], routines: ['nightly'] };
    expect(wantsEvent(hook, event('backup.failed', 'nightly'))).toBe(true);
    expect(wantsEvent(hook, event('backup.failed', 'hourly'))).toBe(false);
    expect(wantsEvent(hook, event('config.changed'))).toBe(false);
  });
});

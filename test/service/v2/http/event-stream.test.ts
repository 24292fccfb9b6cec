import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { EventBus } from '../../../../src/service/events/event-bus.js';
import { EventStreams, readStreamChoice } from '../../../../src/service/v2/http/event-stream.js';
import { QueryReader } from '../../../../src/service/v2/http/query.js';

/** A client that reads nothing: what was written waits. */
class FakeResponse extends EventEmitter {
  text = '';
  destroyed = false;
  isEnded = false;
  isReading = true;
  get writableLength(): number {
    return this.isReading ? 0 : this.text.length;
  }
  writeHead(): this {
    return this;
  }
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  end(): this {
    this.isEnded = true;
    this.emit('close');
    return this;
  }
  destroy(): this {
    this.destroyed = true;
    this.emit('close');
    return this;
  }
}

function open(streams: EventStreams, choice: Parameters<EventStreams['open']>[1], isReading = true): FakeResponse {
  const response = new FakeResponse();
  response.isReading = isReading;
  streams.open(response as unknown as ServerResponse, choice);
  return response;
}

const ALL = { types: undefined, after: undefined };

describe('the stream of events', () => {
  it('has each event with its id, its type and its document', () => {
    const events = new EventBus({ nowMs: () => 1 });
    const client = open(new EventStreams({ events }), ALL);
    events.publish({ type: 'backup.failed', message: 'a\nb' });
    expect(client.text).toContain(
      'id: 1000\nevent: backup.failed\ndata: {"id":1000,"time":"1970-01-01T00:00:00.001Z","type":"backup.failed","message":"a\\nb"}\n\n',
    );
  });

  it('brings what was missed, or says that it is not known any more', () => {
    const events = new EventBus({ capacity: 2, nowMs: () => 1 });
    const streams = new EventStreams({ events });
    for (let i = 0; i < 3; i++) events.publish({ type: 'backup.started' });
    const recent = open(streams, { ...ALL, after: 1001 });
    expect(recent.text.match(/^id: \d+/gm)).toEqual(['id: 1002']);
    const old = open(streams, { ...ALL, after: 5 });
    expect(old.text).toContain('event: reset\n');
  });

  it('drops a client that does not read, and the others stay', () => {
    const events = new EventBus();
    const streams = new EventStreams({ events, maxBehindBytes: 2000 });
    const [slow, quick] = [open(streams, ALL, false), open(streams, ALL)];
    for (let i = 0; i < 30; i++) events.publish({ type: 'backup.progress' });
    expect([slow.destroyed, quick.destroyed, streams.size]).toEqual([true, false, 1]);
    expect(slow.text.length).toBeLessThan(2500);
  });

  it('has room for so many clients, and is ended for all when access changes', () => {
    const streams = new EventStreams({ events: new EventBus(), maxClients: 1 });
    streams.admit();
    const client = open(streams, ALL);
    expect(() => streams.admit()).toThrow('1 clients read the events already');
    streams.closeAll();
    expect([client.isEnded, streams.size]).toEqual([true, 0]);
  });

  it('is asked for by types and by the last id', () => {
    const read = (query: Record<string, string>, header?: string) =>
      readStreamChoice(new QueryReader(query, ['types', 'after']), header);
    expect([...read({ types: 'backup.failed,routine.*' }).types!]).toEqual(['backup.failed', 'routine.rpo-missed']);
    expect(read({ after: '7' }, '9').after).toBe(9);
    const wrong: readonly Record<string, string>[] = [{ types: 'none' }, { after: 'x' }];
    for (const query of wrong) expect(() => read(query)).toThrow();
  });
});

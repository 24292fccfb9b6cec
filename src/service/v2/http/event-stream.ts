/** Events as a stream that browsers read: server-sent events. */
import type { ServerResponse } from 'node:http';
import type { EventBus } from '../../events/event-bus.js';
import { matchesType } from '../../events/event-pattern.js';
import { EVENT_TYPES, type EventType, type ServiceEvent } from '../../events/event.js';
import { V2Error } from '../errors.js';
import type { QueryReader } from './query.js';

/** Proxies close connections that say nothing for a minute. */
const HEARTBEAT_MS = 15_000;
const MAX_CLIENTS = 200;
/** A client that is so far behind is dropped: it asks again with the last id that it has seen. */
const MAX_BEHIND_BYTES = 1 << 20;
/** After a drop, clients wait so long before they ask again. */
const RETRY_MS = 2000;

export interface StreamChoice {
  /** undefined = all. */
  types: ReadonlySet<EventType> | undefined;
  /** Events after this id first. */
  after: number | undefined;
}

/** `types=backup.*,config.changed`, and `after` or the header `Last-Event-ID`. Throws V2Error. */
export function readStreamChoice(query: QueryReader, lastEventId: string | string[] | undefined): StreamChoice {
  const words = query.text('types')?.split(',');
  const types = words?.flatMap((word) => {
    const found = EVENT_TYPES.filter((type) => matchesType(type, word.trim()));
    if (found.length > 0) return found;
    throw new V2Error('invalid-request', `types: expected types of events as backup.*, got ${JSON.stringify(word)}`);
  });
  const header = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined;
  const text = header ?? query.text('after');
  if (text !== undefined && !/^\d{1,16}$/.test(text)) {
    throw new V2Error('invalid-request', `after: expected the id of an event, got ${JSON.stringify(text)}`);
  }
  return {
    types: types === undefined ? undefined : new Set(types),
    after: text === undefined ? undefined : Number(text),
  };
}

export interface EventStreamsOptions {
  events: Pick<EventBus, 'subscribe' | 'remembers' | 'lastId'>;
  heartbeatMs?: number;
  maxClients?: number;
  maxBehindBytes?: number;
}

/** The clients that read the stream. */
export class EventStreams {
  private readonly clients = new Set<() => void>();
  private readonly options: Required<EventStreamsOptions>;

  constructor(options: EventStreamsOptions) {
    this.options = {
      heartbeatMs: HEARTBEAT_MS,
      maxClients: MAX_CLIENTS,
      maxBehindBytes: MAX_BEHIND_BYTES,
      ...options,
    };
  }

  get size(): number {
    return this.clients.size;
  }

  /** Throws V2Error if there is no room for another client. */
  admit(): void {
    if (this.clients.size < this.options.maxClients) return;
    throw new V2Error('too-many-requests', `${this.clients.size} clients read the events already`);
  }

  /** Writes events until the client leaves, falls behind, or all are closed. */
  open(response: ServerResponse, { types, after }: StreamChoice): void {
    const { events, heartbeatMs, maxBehindBytes } = this.options;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no',
    });
    let isOpen = true;
    const write = (text: string): void => {
      if (!isOpen) return;
      response.write(text);
      if (response.writableLength > maxBehindBytes) drop();
    };
    let unsubscribe: () => void = () => undefined;
    const leave = (): void => {
      isOpen = false;
      clearInterval(timer);
      unsubscribe();
      this.clients.delete(close);
    };
    const close = (): void => {
      leave();
      response.end();
    };
    const drop = (): void => {
      leave();
      response.destroy();
    };
    const timer = setInterval(() => write(': alive\n\n'), heartbeatMs);
    timer.unref();
    this.clients.add(close);
    response.once('close', leave);
    write(`retry: ${RETRY_MS}\n\n`);
    if (after !== undefined && !events.remembers(after)) {
      // What was missed is not known any more: the client has to read everything again.
      write(`id: ${events.lastId}\nevent: reset\ndata: {"type":"reset"}\n\n`);
    }
    unsubscribe = events.subscribe(
      (event) => {
        if (types?.has(event.type) !== false) write(formatEvent(event));
      },
      after === undefined ? {} : { after },
    );
    // The client was dropped while it was told what it had missed.
    if (response.destroyed) leave();
  }

  /** Ends all streams; the clients ask again. */
  closeAll(): void {
    for (const close of [...this.clients]) close();
  }
}

function formatEvent(event: ServiceEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

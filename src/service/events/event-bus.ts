import type { NewEvent, ServiceEvent } from './event.js';

/** So many events are kept for listeners that ask for what they have missed. */
const DEFAULT_CAPACITY = 1000;
/** Ids begin at the time of the start, so that those of a later process are greater: no process makes more events. */
const IDS_PER_MS = 1000;

export type EventListener = (event: ServiceEvent) => void;

/** Where parts of the service publish. */
export interface EventSink {
  publish(event: NewEvent): void;
}

export const NO_EVENTS: EventSink = { publish: () => undefined };

export interface EventBusOptions {
  capacity?: number;
  nowMs?: () => number;
  /** Takes secrets out of messages. */
  redact?: (text: string) => string;
  /** Told if a listener throws; it gets later events all the same. */
  onListenerError?: (error: unknown) => void;
}

/** Hands events to listeners, in the order in which they are published, and keeps the last ones. */
export class EventBus implements EventSink {
  private readonly listeners = new Set<EventListener>();
  private readonly capacity: number;
  private readonly nowMs: () => number;
  private readonly redact: (text: string) => string;
  private readonly onListenerError: (error: unknown) => void;
  private readonly recent: ServiceEvent[] = [];
  private readonly firstId: number;
  private nextId: number;

  constructor({
    capacity = DEFAULT_CAPACITY,
    nowMs = Date.now,
    redact = (text) => text,
    onListenerError = () => undefined,
  }: EventBusOptions = {}) {
    this.capacity = capacity;
    this.nowMs = nowMs;
    this.redact = redact;
    this.onListenerError = onListenerError;
    this.firstId = nowMs() * IDS_PER_MS;
    this.nextId = this.firstId;
  }

  /** Listeners are called before it returns; none of them can make it throw. */
  publish(event: NewEvent): void {
    const published: ServiceEvent = Object.freeze({
      id: this.nextId++,
      time: new Date(this.nowMs()).toISOString(),
      ...event,
      ...(event.message === undefined ? {} : { message: this.redact(event.message) }),
    });
    this.recent.push(published);
    if (this.recent.length > this.capacity) this.recent.shift();
    for (const listener of [...this.listeners]) this.notify(listener, published);
  }

  /**
   * The listener is called with each event from now on. Returns what ends that.
   *
   * @param after first, the events that are kept and have a greater id; absent = none of them
   */
  subscribe(listener: EventListener, { after }: { after?: number } = {}): () => void {
    if (after !== undefined) {
      for (const event of this.recent) if (event.id > after) this.notify(listener, event);
    }
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Whether all events after that id are kept. */
  remembers(after: number): boolean {
    const oldest = this.recent[0]?.id ?? this.nextId;
    return after >= oldest - 1 && after < this.nextId;
  }

  /** Id of the last event, or what is before the first one. */
  get lastId(): number {
    return this.nextId - 1;
  }

  private notify(listener: EventListener, event: ServiceEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.onListenerError(error);
    }
  }
}

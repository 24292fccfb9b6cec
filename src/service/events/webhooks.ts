/** Tells the webhooks of the configuration what happens. */
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { findEntity } from '../document/find-entity.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { Webhook } from '../document/schema/webhook.js';
import { sleep, type Clock } from '../schedule/clock.js';
import type { DeadLetter, DeadLetterList } from '../v2/schema/dead-letter.js';
import type { DeadLetterStore } from './dead-letter-store.js';
import type { EventBus } from './event-bus.js';
import type { ServiceEvent } from './event.js';
import { wantsEvent } from './event-pattern.js';
import { sendMessage, type WebhookMessage, type WebhookTarget } from './webhook-request.js';

/** Waiting times: 1, 2, 4 … 64 seconds. */
const MAX_ATTEMPTS = 8;
const FIRST_DELAY_MS = 1000;
const QUEUE_LENGTH = 1000;
const STOPPED = 'the service has ended before it was delivered';

export interface WebhooksOptions {
  config: { readonly document: ServiceDocument };
  events: Pick<EventBus, 'subscribe'>;
  letters: DeadLetterStore;
  clock: Clock;
  log: Log;
  /** The key of a webhook, of the secret agent if it is a reference. */
  resolveSecret: (webhook: Webhook, document: ServiceDocument) => Promise<string>;
  /** For tests. */
  send?: (message: WebhookMessage, target: WebhookTarget, signal: AbortSignal) => Promise<void>;
  maxAttempts?: number;
  queueLength?: number;
}

interface Delivery {
  readonly id: string;
  readonly event: ServiceEvent;
  attempts: number;
  reason: string;
}

/** Deliveries to one webhook, one after another. */
interface Queue {
  readonly waiting: Delivery[];
  isBusy: boolean;
}

export class Webhooks {
  private readonly queues = new Map<string, Queue>();
  private readonly stopping = new AbortController();
  private readonly unsubscribe: () => void;
  private readonly busy = new Set<Promise<void>>();

  constructor(private readonly options: WebhooksOptions) {
    this.unsubscribe = options.events.subscribe((event) => this.take(event));
  }

  list(): DeadLetterList {
    return this.options.letters.list();
  }

  remove(id: string): boolean {
    return this.options.letters.remove(id);
  }

  /** False = there is no such letter, or its webhook is no longer configured. */
  retry(id: string): boolean {
    const { letters } = this.options;
    const letter = letters.find(id);
    if (letter === undefined || this.findWebhook(letter.webhook) === undefined) return false;
    letters.remove(id);
    this.enqueue(letter.webhook, {
      id,
      event: letter.event,
      attempts: 0,
      reason: '',
    });
    return true;
  }

  /** Resolves when nothing waits for delivery. */
  async idle(): Promise<void> {
    while (this.busy.size > 0) await Promise.all(this.busy);
  }

  /** What was not delivered is kept among the dead letters. */
  async stop(): Promise<void> {
    this.unsubscribe();
    this.stopping.abort();
    await this.idle();
    for (const [name, { waiting }] of this.queues) {
      for (const delivery of waiting.splice(0)) this.bury(name, { ...delivery, reason: STOPPED });
    }
    await this.options.letters.flush();
  }

  private take(event: ServiceEvent): void {
    for (const [name, webhook] of Object.entries(this.options.config.document.webhooks ?? {})) {
      if (webhook.disabled === true || !wantsEvent(webhook, event)) continue;
      this.enqueue(name, {
        id: `evt_${event.id}_${encodeURIComponent(name)}`,
        event,
        attempts: 0,
        reason: '',
      });
    }
  }

  private enqueue(name: string, delivery: Delivery): void {
    let queue = this.queues.get(name);
    if (queue === undefined) this.queues.set(name, (queue = { waiting: [], isBusy: false }));
    if (queue.waiting.length >= (this.options.queueLength ?? QUEUE_LENGTH)) {
      this.bury(name, {
        ...delivery,
        reason: 'too many events wait for delivery',
      });
      return;
    }
    queue.waiting.push(delivery);
    if (queue.isBusy) return;
    queue.isBusy = true;
    const work = this.work(name, queue).finally(() => this.busy.delete(work));
    this.busy.add(work);
  }

  /** Never rejects. */
  private async work(name: string, queue: Queue): Promise<void> {
    for (;;) {
      const [delivery] = queue.waiting;
      if (delivery === undefined || this.isStopped()) break;
      const isEnded = await this.deliver(name, delivery);
      if (isEnded) queue.waiting.shift();
    }
    queue.isBusy = false;
    if (queue.waiting.length === 0) this.queues.delete(name);
  }

  /** False = the service ends before it is known. */
  private async deliver(name: string, delivery: Delivery): Promise<boolean> {
    const { signal } = this.stopping;
    for (;;) {
      const webhook = this.findWebhook(name);
      if (webhook === undefined) return true;
      try {
        await this.attempt(webhook, delivery);
        return true;
      } catch (error) {
        if (this.isStopped()) return false;
        delivery.reason = errorMessage(error);
      }
      if (delivery.attempts >= (this.options.maxAttempts ?? MAX_ATTEMPTS)) {
        this.bury(name, delivery);
        return true;
      }
      await sleep(this.options.clock, FIRST_DELAY_MS * 2 ** (delivery.attempts - 1), signal);
      if (this.isStopped()) return false;
    }
  }

  private async attempt(webhook: Webhook, delivery: Delivery): Promise<void> {
    const { config, resolveSecret, clock, send } = this.options;
    const { signal } = this.stopping;
    delivery.attempts++;
    const secret = await resolveSecret(webhook, config.document);
    const message = { id: delivery.id, body: JSON.stringify(delivery.event) };
    const target = { url: webhook.url, secret };
    if (send === undefined) await sendMessage(message, target, { nowMs: clock.nowMs(), signal });
    else await send(message, target, signal);
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private findWebhook(name: string): Webhook | undefined {
    const webhook = findEntity(this.options.config.document.webhooks, name);
    return webhook?.disabled === true ? undefined : webhook;
  }

  private bury(webhook: string, { id, event, attempts, reason }: Delivery): void {
    const { letters, clock, log } = this.options;
    const letter: DeadLetter = {
      id,
      webhook,
      attempts,
      reason,
      'given-up': new Date(clock.nowMs()).toISOString(),
      event,
    };
    letters.add(letter);
    const text = `The webhook ${webhook} did not take the event ${event.type}: ${reason}`;
    log.info(warningEvent('webhook.failed', text, { webhook, id, attempts }));
  }
}

/** What tells others of events: webhooks, and the watch over the objectives of routines. */
import type { Log } from '../../core/log.js';
import type { ConfigStore } from '../config-source/config-store.js';
import type { RoutineState } from '../document/schema/job-status.js';
import { ServiceError } from '../errors.js';
import type { Clock } from '../schedule/clock.js';
import { SYSTEM_CLOCK } from '../schedule/clock.js';
import { SecretResolver } from '../settings/secret-resolver.js';
import { DeadLetterStore } from './dead-letter-store.js';
import type { EventBus } from './event-bus.js';
import { ObjectiveMonitor, type ObjectiveMetrics } from './objective-monitor.js';
import { Webhooks } from './webhooks.js';

export interface NotificationsOptions {
  config: Pick<ConfigStore, 'document' | 'onChange'>;
  runner: { state(routine: string): Promise<RoutineState> };
  events: EventBus;
  metrics: ObjectiveMetrics;
  log: Log;
  /** Where dead letters are kept; undefined = in memory. */
  dataDirectory?: string | undefined;
  clock?: Clock;
  claimMiss?: (routine: string, lastBackup: string) => Promise<boolean>;
}

export interface Notifications {
  readonly deadLetters: Webhooks;
  readonly isObjectiveMissed: (routine: string) => boolean | undefined;
  stop(): Promise<void>;
}

/** They listen from now on. */
export async function startNotifications(options: NotificationsOptions): Promise<Notifications> {
  const { config, runner, events, metrics, log, dataDirectory, clock = SYSTEM_CLOCK, claimMiss } = options;
  const letters = await DeadLetterStore.open({ dataDirectory, log });
  const deadLetters = new Webhooks({
    config,
    events,
    letters,
    clock,
    log,
    resolveSecret: async (webhook, document) => {
      const secret = await new SecretResolver(document).resolve(webhook.secret, webhook);
      if (secret !== undefined) return secret;
      throw new ServiceError('SERVICE_INVALID', 'the secret of the webhook is empty');
    },
  });
  const unsubscribe = config.onChange(() => events.publish({ type: 'config.changed' }));
  const monitor = new ObjectiveMonitor({
    config,
    runner,
    events,
    metrics,
    clock,
    log,
    claimMiss,
  });
  monitor.start();
  return {
    deadLetters,
    isObjectiveMissed: (routine) => monitor.isMissed(routine),
    stop: async () => {
      unsubscribe();
      await monitor.stop();
      await deadLetters.stop();
    },
  };
}

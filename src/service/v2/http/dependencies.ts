import type { Log } from '../../../core/log.js';
import type { ConfigGuard } from '../../config-source/config-store.js';
import type { EntityKind } from '../../config-source/entity-kind.js';
import type { RoutineState } from '../../document/schema/job-status.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import type { EventBus } from '../../events/event-bus.js';
import type { DeadLetterList } from '../schema/dead-letter.js';
import type { V2Operations } from '../operations.js';

/** `ConfigStore` */
export interface GuardedConfig {
  readonly document: ServiceDocument;
  redacted(): ServiceDocument;
  replace(value: unknown, guard?: ConfigGuard): Promise<void>;
  reload(): Promise<void>;
  put(kind: EntityKind, name: string, value: unknown, guard?: ConfigGuard): Promise<'added' | 'replaced'>;
  remove(kind: EntityKind, name: string, guard?: ConfigGuard): Promise<void>;
  setDisabled(routine: string, disabled: boolean): Promise<void>;
}

/** `RoutineRunner` */
export interface V2Runner {
  cancel(routine: string): void;
  state(routine: string): Promise<RoutineState>;
}

/** `Webhooks` */
export interface DeadLetterAccess {
  list(): DeadLetterList;
  /** Both: false = there is no such letter. */
  retry(id: string): boolean;
  remove(id: string): boolean;
}

export interface V2Services {
  readonly operations: V2Operations;
  readonly config: GuardedConfig;
  readonly runner: V2Runner;
  readonly events: Pick<EventBus, 'subscribe' | 'remembers' | 'lastId'>;
  /** Whether the last backup of a routine is older than its objective; undefined = it has none. */
  readonly isObjectiveMissed: (routine: string) => boolean | undefined;
  readonly deadLetters: DeadLetterAccess;
  readonly log: Log;
  readonly version: string;
}

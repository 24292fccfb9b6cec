/** What listeners are told about a run. */
import type { EventSink } from '../events/event-bus.js';
import type { EventType } from '../events/event.js';
import { Throttle } from '../events/throttle.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';
import type { RunProgress } from './run-progress.js';

/** Publishes the events of one run. */
export class RunEvents {
  private readonly sink: EventSink;
  private readonly throttle: Throttle;
  private readonly subject: { storage: string; backup: string; routine: string };

  constructor({ name, routine }: RunPlan, timestampMs: number, { events, clock }: RunEnvironment) {
    this.sink = events;
    this.throttle = new Throttle(() => clock.nowMs());
    this.subject = { storage: routine.storage, backup: String(timestampMs), routine: name };
  }

  publish(type: EventType, message: string): void {
    this.sink.publish({ type, ...this.subject, message });
  }

  /** Not more often than once a second. */
  publishProgress(progress: RunProgress): void {
    if (!this.throttle.isDue()) return;
    const { percent } = progress;
    this.sink.publish({
      type: 'backup.progress',
      ...this.subject,
      progress: { ...(percent === undefined ? {} : { percent }), ...progress.totals },
    });
  }
}

import type { Log } from '../../core/log.js';
import { machineProgressText, machineRemainingText } from '../machine-format.js';
import type { ProgressDisplay } from './display.js';
import type { ProgressSignal } from './progress-signal.js';
import { liveRates } from './throughput.js';
import type { RestoreTotals } from '../../core/events/restore.js';
import { restoreCountLine, restoreProgressLine, restoreSummaryLine } from '../messages/restore.js';
import { type Clock, monotonic, Interval } from './interval.js';
import { type WorkerCounters, WorkerRates } from './worker-throughput.js';

export interface RestoreCounters extends RestoreTotals {
  /** Size of all input, in the same bytes as `bytes`; 0 or absent = unknown. */
  expectedBytes?: number;
  workers?: readonly WorkerCounters[];
}

export interface RestoreProgressSettings {
  read: () => RestoreCounters;
  log: Log;
  clock?: Clock;
  /** Takes the lines of the `--machine` file. */
  machine?: (line: string) => void;
  /** Shows the progress in place of the lines of the log, except for the last ones, which scripts and people read. */
  display?: ProgressDisplay;
  /** False: no counter lines, and none at the end; only how far a long run has come. */
  counts?: false;
  /** Answered with the lines of the log, display or not. */
  requests?: ProgressSignal;
}

const LINES_EVERY_TICKS = 10;

interface Mark {
  at: number;
  records: number;
  bytes: number;
}

/** The counter lines of a restore: one second after the start, then every ten, and once at the end. */
export class RestoreProgress {
  readonly #settings: RestoreProgressSettings;
  readonly #clock: Clock;
  readonly #ticker = new Interval((last) => this.#tick(last));
  readonly #workers = new WorkerRates();
  #ticks = 0;
  #start: Mark = { at: 0, records: 0, bytes: 0 };
  #lastLines: Mark = this.#start;
  #lastTick: Mark = this.#start;

  constructor(settings: RestoreProgressSettings) {
    this.#settings = settings;
    this.#clock = settings.clock ?? monotonic;
  }

  start(): void {
    this.#start = this.#lastLines = this.#lastTick = this.#mark(this.#settings.read());
    this.#settings.display?.start();
    this.#ticker.start();
    this.#settings.requests?.answerWith(() => this.#answer());
  }

  stop(): void {
    this.#settings.requests?.answerWith(undefined);
    this.#ticker.stop();
    this.#settings.display?.stop();
  }

  #mark({ records, bytes }: RestoreCounters): Mark {
    return { at: this.#clock(), records, bytes };
  }

  /** With rates since the start: the lines tell about the run, not about the time since the last request. */
  #answer(): void {
    const counters = this.#settings.read();
    this.#tellLines(counters, this.#mark(counters), this.#start, this.#start);
  }

  /** Rates since `before`; the rest is expected to come as fast as since `base`. */
  #tellLines(counters: RestoreCounters, now: Mark, before: Mark, base: Mark, last = false): void {
    const { log } = this.#settings;
    const expectedBytes = counters.expectedBytes ?? 0;
    const interval = {
      records: now.records - before.records,
      bytes: now.bytes - before.bytes,
      ms: now.at - before.at,
    };
    const counts = this.#settings.counts !== false;
    if (counts) {
      log.info(restoreCountLine(counters, interval));
      log.info(restoreSummaryLine(counters));
    }
    if (expectedBytes > 0 && interval.bytes > 0 && (counts || !last)) {
      const percent = Math.min(100, Math.floor((now.bytes * 100) / expectedBytes));
      log.info(restoreProgressLine(percent, remaining(now, base, expectedBytes)));
    }
  }

  #tick(last: boolean): void {
    const { read, machine, display } = this.#settings;
    const counters = read();
    const expectedBytes = counters.expectedBytes ?? 0;
    const now = this.#mark(counters);
    const sinceTick = this.#lastTick;
    this.#lastTick = now;
    const percent = expectedBytes > 0 ? Math.min(100, Math.floor((now.bytes * 100) / expectedBytes)) : 0;
    const advanced = now.bytes > sinceTick.bytes;
    display?.update({
      percent: expectedBytes > 0 ? percent : undefined,
      records: now.records,
      bytes: now.bytes,
      workers: this.#workers.next(now.at, counters.workers ?? []),
      ...liveRates(now, sinceTick),
      etaSeconds: expectedBytes > 0 && advanced ? remaining(now, sinceTick, expectedBytes) : undefined,
    });
    if (last || (display === undefined && this.#ticks % LINES_EVERY_TICKS === 0)) {
      const before = this.#lastLines;
      this.#lastLines = now;
      // The last interval may be a few milliseconds long: too short to say how long the rest of a run would take.
      this.#tellLines(counters, now, before, last ? this.#start : before, last);
    }
    this.#ticks++;
    if (expectedBytes <= 0) return;
    machine?.(machineProgressText(percent));
    if (advanced) machine?.(machineRemainingText(remaining(now, sinceTick, expectedBytes)));
  }
}

/** Seconds, if the rest comes as fast as the bytes between the marks. */
function remaining(now: Mark, before: Mark, expectedBytes: number): number {
  return ((expectedBytes - now.bytes) * (now.at - before.at)) / (now.bytes - before.bytes) / 1000;
}

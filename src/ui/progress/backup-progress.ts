import { backupProgressLine, backupRemainingLine } from '../messages/backup.js';
import type { Log } from '../../core/log.js';
import { machineProgressText, machineRemainingText } from '../machine-format.js';
import type { ProgressDisplay } from './display.js';
import type { ProgressSignal } from './progress-signal.js';
import { liveRates } from './throughput.js';
import { type Clock, monotonic, Interval } from './interval.js';
import { type WorkerCounters, WorkerRates } from './worker-throughput.js';

export interface BackupCounters {
  records: number;
  bytes: number;
  /** How many records are expected; 0 = unknown. */
  expectedRecords: number;
  workers?: readonly WorkerCounters[];
}

export interface BackupProgressSettings {
  read: () => BackupCounters;
  log: Log;
  clock?: Clock;
  /** Takes the lines of the `--machine` file. */
  machine?: (line: string) => void;
  /** Shows the progress in place of the lines of the log. */
  display?: ProgressDisplay;
  /** Answered with a line in the log, display or not. */
  requests?: ProgressSignal;
}

const LINE_EVERY_TICKS = 10;

interface Mark {
  at: number;
  records: number;
  bytes: number;
}

/** The progress lines of a backup: about every ten seconds, and at the end of a run that was too short for one. */
export class BackupProgress {
  readonly #settings: BackupProgressSettings;
  readonly #clock: Clock;
  readonly #ticker = new Interval(() => this.#tick());
  readonly #workers = new WorkerRates();
  #shownTicks = 0;
  #start: Mark = { at: 0, records: 0, bytes: 0 };
  #lastLine: Mark = this.#start;
  #lastTick: Mark = this.#lastLine;

  constructor(settings: BackupProgressSettings) {
    this.#settings = settings;
    this.#clock = settings.clock ?? monotonic;
  }

  /** Rates count from here on, so that a resumed run does not start with an absurd one. */
  start(): void {
    this.#start = this.#lastLine = this.#lastTick = this.#mark(this.#settings.read());
    this.#settings.display?.start();
    this.#ticker.start();
    this.#settings.requests?.answerWith(() => this.#answer());
  }

  stop(): void {
    this.#settings.requests?.answerWith(undefined);
    this.#ticker.stop();
    this.#settings.display?.stop();
  }

  #mark({ records, bytes }: BackupCounters): Mark {
    return { at: this.#clock(), records, bytes };
  }

  /** Totals and the average since the start: the line tells about the run, not about the time since the last request. */
  #answer(): void {
    const { read, log } = this.#settings;
    const counters = read();
    const { expectedRecords } = counters;
    const now = this.#mark(counters);
    const percent = expectedRecords > 0 ? Math.min(100, Math.floor((now.records * 100) / expectedRecords)) : 100;
    const since = this.#start;
    const interval = {
      records: now.records - since.records,
      bytes: now.bytes - since.bytes,
      intervalMs: now.at - since.at,
    };
    const line = backupProgressLine({ percent, ...interval }, now);
    log.info({ ...line, text: `${now.records} record(s), ${now.bytes} byte(s) so far, ${line.text}` });
    if (interval.records > 0 && percent < 100) log.info(backupRemainingLine(remaining(now, since, expectedRecords)));
  }

  #tick(): void {
    const { read, log, machine, display } = this.#settings;
    const counters = read();
    const { expectedRecords } = counters;
    const now = this.#mark(counters);
    const sinceTick = this.#lastTick;
    this.#lastTick = now;
    const percent = expectedRecords > 0 ? Math.floor((now.records * 100) / expectedRecords) : 100;
    display?.update({
      percent: expectedRecords > 0 ? Math.min(100, percent) : undefined,
      records: now.records,
      bytes: now.bytes,
      workers: this.#workers.next(now.at, counters.workers ?? []),
      ...liveRates(now, sinceTick),
      etaSeconds:
        now.records > sinceTick.records && percent < 100 ? remaining(now, sinceTick, expectedRecords) : undefined,
    });
    // What is expected is an estimate; once it is reached, a number would no longer say anything.
    if (percent >= 100) return;
    if (display === undefined && this.#shownTicks++ % LINE_EVERY_TICKS === 0) {
      const records = now.records - this.#lastLine.records;
      const intervalMs = now.at - this.#lastLine.at;
      const bytes = now.bytes - this.#lastLine.bytes;
      log.info(backupProgressLine({ percent, records, bytes, intervalMs }, now));
      if (records > 0) log.info(backupRemainingLine(remaining(now, this.#lastLine, expectedRecords)));
      this.#lastLine = now;
    }
    machine?.(machineProgressText(percent));
    if (now.records > sinceTick.records) machine?.(machineRemainingText(remaining(now, sinceTick, expectedRecords)));
  }
}

/** Seconds, if the rest comes as fast as the records between the marks. */
function remaining(now: Mark, before: Mark, expectedRecords: number): number {
  return ((expectedRecords - now.records) * (now.at - before.at)) / (now.records - before.records) / 1000;
}

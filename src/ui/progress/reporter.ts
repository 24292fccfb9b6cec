/** The progress of a run, polled once a second: lines of the log, lines of the `--machine` file, and a display. */
import type { LogEvent, Log } from '../../core/log.js';
import type { RunProgress } from '../../core/run.js';
import { machineProgressText, machineRemainingText } from '../machine-format.js';
import { activityText } from './activity.js';
import type { ProgressDisplay } from './display.js';
import { type Clock, Interval, monotonic } from './interval.js';
import type { ProgressSignal } from './progress-signal.js';
import { liveRates } from './throughput.js';
import { WorkerRates } from './worker-throughput.js';

/** What a run had done at a moment of the clock, in milliseconds. */
export interface ProgressMark {
  at: number;
  records: number;
  bytes: number;
}

export interface ProgressInterval {
  records: number;
  bytes: number;
  ms: number;
}

/** What a style makes lines of. */
export interface ProgressReport<Counters> {
  counters: Counters;
  now: ProgressMark;
  /** Since the lines before, or since the start. */
  interval: ProgressInterval;
  /** 0–100; undefined = nothing is known of the end. */
  percent: number | undefined;
  /** Seconds to the end at the speed so far; undefined = nothing was done, or the end is unknown. */
  remainingSeconds: number | undefined;
  /** The run has ended. */
  last: boolean;
}

/** How the runs of one direction report their progress. */
export interface ProgressStyle<Counters> {
  /** What is expected and counted for percent and remaining time. */
  readonly unit: 'records' | 'bytes';
  /**
   * Once what was expected is reached, or nothing is expected, nothing is reported any more: the number was an
   * estimate.
   */
  readonly endsAtExpected: boolean;
  /** There are lines at the end of the run, display or not, and their remaining time is that of the whole run. */
  readonly hasLastLines: boolean;
  lines(report: ProgressReport<Counters>): LogEvent[];
  /** The answer to a request, with totals and rates since the start. */
  answer(report: ProgressReport<Counters>): LogEvent[];
}

export interface ProgressSource<Counters> {
  counters(): Counters;
  progress(): RunProgress;
}

export interface ReporterSettings<Counters> {
  source: ProgressSource<Counters>;
  style: ProgressStyle<Counters>;
  log: Log;
  clock?: Clock;
  /** Receives the lines of the `--machine` file. */
  machine?: (line: string) => void;
  /** Shows the progress in place of the lines of the log. */
  display?: ProgressDisplay | undefined;
  /** Answered with lines of the log, display or not. */
  requests?: ProgressSignal | undefined;
}

const LINES_EVERY_TICKS = 10;

export class ProgressReporter<Counters> {
  private readonly clock: Clock;
  private readonly ticker = new Interval((last) => this.tick(last));
  private readonly workers = new WorkerRates();
  private ticks = 0;
  private start: ProgressMark = { at: 0, records: 0, bytes: 0 };
  private lastLines = this.start;
  private lastTick = this.start;

  constructor(private readonly settings: ReporterSettings<Counters>) {
    this.clock = settings.clock ?? monotonic;
  }

  /** Rates count from here on, so that a continued run does not start with an absurd one. */
  begin(): void {
    const { source, display, requests } = this.settings;
    this.start = this.lastLines = this.lastTick = this.mark(source.progress());
    display?.start();
    this.ticker.start();
    requests?.answerWith(() => this.answer());
  }

  /** One last report, then none. */
  end(): void {
    const { display, requests } = this.settings;
    requests?.answerWith(undefined);
    this.ticker.stop();
    display?.stop();
  }

  private mark({ records, bytes }: RunProgress): ProgressMark {
    return { at: this.clock(), records, bytes };
  }

  private answer(): void {
    const { source, style, log } = this.settings;
    const progress = source.progress();
    const now = this.mark(progress);
    for (const line of style.answer(this.report(progress, now, this.start, this.start, false))) log.info(line);
  }

  private tick(last: boolean): void {
    const { source, style, log, machine, display } = this.settings;
    const progress = source.progress();
    const now = this.mark(progress);
    const before = this.lastTick;
    this.lastTick = now;
    const percent = this.percent(progress);
    const isOver = style.endsAtExpected && (percent ?? 100) >= 100;
    const remaining = isOver ? undefined : this.remaining(progress, now, before);
    display?.update({
      percent: percent === undefined ? undefined : Math.min(100, percent),
      records: now.records,
      bytes: now.bytes,
      workers: this.workers.next(
        now.at,
        progress.workers.map(({ records, bytes, activity }) => ({ records, bytes, doing: activityText(activity) })),
      ),
      ...liveRates(now, before),
      etaSeconds: remaining,
    });
    if (isOver) return;
    const isDue = (last && style.hasLastLines) || (display === undefined && this.ticks % LINES_EVERY_TICKS === 0);
    this.ticks++;
    if (isDue) {
      const since = this.lastLines;
      this.lastLines = now;
      // The last interval may be a few milliseconds long: too short to predict the rest of a run.
      const base = last && style.hasLastLines ? this.start : since;
      for (const line of style.lines(this.report(progress, now, since, base, last))) log.info(line);
    }
    if (percent === undefined) return;
    machine?.(machineProgressText(Math.min(100, percent)));
    if (remaining !== undefined) machine?.(machineRemainingText(remaining));
  }

  /** Rates since `since`; the rest is expected to come as fast as since `base`. */
  private report(
    progress: RunProgress,
    now: ProgressMark,
    since: ProgressMark,
    base: ProgressMark,
    last: boolean,
  ): ProgressReport<Counters> {
    const percent = this.percent(progress);
    return {
      counters: this.settings.source.counters(),
      now,
      interval: { records: now.records - since.records, bytes: now.bytes - since.bytes, ms: now.at - since.at },
      percent: percent === undefined ? undefined : Math.min(100, percent),
      remainingSeconds: this.remaining(progress, now, base),
      last,
    };
  }

  private expected({ expectedRecords, expectedBytes }: RunProgress): number {
    return this.settings.style.unit === 'records' ? expectedRecords : expectedBytes;
  }

  private percent(progress: RunProgress): number | undefined {
    const expected = this.expected(progress);
    return expected > 0 ? Math.floor((progress[this.settings.style.unit] * 100) / expected) : undefined;
  }

  private remaining(progress: RunProgress, now: ProgressMark, before: ProgressMark): number | undefined {
    const { unit } = this.settings.style;
    const expected = this.expected(progress);
    const done = now[unit] - before[unit];
    if (expected <= 0 || done <= 0) return undefined;
    return ((expected - now[unit]) * (now.at - before.at)) / done / 1000;
  }
}

/** A progress bar on a terminal, in place of the percent lines. It stays below the log. */
import type { SingleBar } from 'cli-progress';
import type { Progress, ProgressDisplay } from './progress-display.js';
import { etaText } from './time-text.js';

const BAR_WIDTH = 25;
const FORMAT = '{bar} {percentage}% | {rate} rec/s | {bandwidth} MiB/s | ETA {remaining}';

/** The parts of a terminal's stream that are needed. */
export type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean };

export class ProgressBar implements ProgressDisplay {
  private visible = false;
  private percent = 0;
  private payload = { rate: '0', bandwidth: '0.0', remaining: '-' };

  private constructor(
    private readonly terminal: Terminal,
    private readonly bar: SingleBar,
  ) {}

  /** Loads the drawing package, which a run without a terminal never needs. */
  static async on(terminal: Terminal): Promise<ProgressBar> {
    const { default: progress } = await import('cli-progress');
    const bar = new progress.SingleBar({
      stream: terminal,
      format: FORMAT,
      barsize: BAR_WIDTH,
      barCompleteChar: '#',
      barIncompleteChar: '-',
      clearOnComplete: true,
      // A run that is killed leaves the cursor as it was, and signals are not the bar's business.
      hideCursor: false,
      gracefulExit: false,
    });
    return new ProgressBar(terminal, bar);
  }

  start(): void {
    this.visible = true;
    this.show();
  }

  update({ percent, recordsPerSecond, mibPerSecond, etaSeconds }: Progress): void {
    this.percent = percent;
    this.payload = {
      rate: recordsPerSecond.toFixed(0),
      bandwidth: mibPerSecond.toFixed(1),
      remaining: etaSeconds === undefined ? '-' : etaText(etaSeconds),
    };
    if (this.visible) this.bar.update(percent, this.payload);
  }

  stop(): void {
    if (this.visible) this.bar.stop();
    this.visible = false;
  }

  /** Writes log lines where the bar stands, and the bar below them. */
  writeAbove(lines: string): void {
    if (this.visible) this.bar.stop();
    this.terminal.write(lines);
    if (this.visible) this.show();
  }

  private show(): void {
    this.bar.start(100, this.percent, this.payload);
  }
}

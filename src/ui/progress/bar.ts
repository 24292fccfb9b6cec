/** A run's progress on a terminal, below the log and in place of the percent lines, and the table at its end. */
import type { MultiBar } from 'cli-progress';
import type { Progress, ProgressDisplay } from './display.js';
import { ASCII, progressLine, type Theme, summaryLines, UNICODE, workerLines } from './terminal-renderer.js';
import type { Summary } from '../summary.js';

/** The parts of a terminal's stream that are needed. */
export type Terminal = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface BarOptions {
  /** Default: no colors. */
  color?: boolean;
  /** The terminal shows more than ASCII. */
  unicode?: boolean;
  /** A line for every worker. */
  workers?: boolean;
}

/** A terminal that does not tell its size. */
const COLUMNS = 80;
const ROWS = 24;
const MAX_WORKER_LINES = 16;
/** Lines of the log that stay in sight above the workers. */
const LOG_LINES = 8;

const NOTHING_YET: Progress = {
  percent: 0,
  records: 0,
  bytes: 0,
  recordsPerSecond: 0,
  mibPerSecond: 0,
  etaSeconds: undefined,
  workers: [],
};

export class ProgressBar implements ProgressDisplay {
  private visible = false;
  private progress = NOTHING_YET;
  private shown: MultiBar | undefined;
  private bars: ReturnType<MultiBar['create']>[] = [];
  private summary: Summary | undefined;

  private constructor(
    private readonly terminal: Terminal,
    private readonly newBars: () => MultiBar,
    private readonly style: Theme,
    private readonly look: BarOptions,
  ) {}

  /** Loads the drawing packages, which a run without a terminal never needs. */
  static async on(terminal: Terminal, look: BarOptions = {}): Promise<ProgressBar> {
    const [{ default: progress }, style] = await Promise.all([import('cli-progress'), createTheme(look)]);
    const newBars = (): MultiBar =>
      new progress.MultiBar({
        stream: terminal,
        format: (_options: unknown, _params: unknown, payload: { line: string }) => payload.line,
        clearOnComplete: true,
        // A run that is killed leaves the cursor as it was, and signals are not the bar's business.
        hideCursor: false,
        gracefulExit: false,
      });
    return new ProgressBar(terminal, newBars, style, look);
  }

  start(): void {
    this.visible = true;
    this.show();
  }

  update(progress: Progress): void {
    this.progress = progress;
    if (!this.visible) return;
    const lines = this.lines();
    if (lines.length !== this.bars.length) {
      this.hide();
      this.show();
    } else {
      for (const [i, line] of lines.entries()) this.bars[i]!.update({ line });
    }
  }

  stop(): void {
    this.hide();
    this.visible = false;
  }

  summarize(summary: Summary): void {
    this.summary = summary;
  }

  /** Writes log lines where the bar stands, and the bar below them. */
  writeAbove(lines: string): void {
    this.hide();
    this.terminal.write(lines);
    if (this.visible) this.show();
  }

  /** Writes the table of `summarize`, if there was one. Nothing is to follow. */
  end(): void {
    this.stop();
    if (this.summary === undefined) return;
    const lines = summaryLines(this.summary, this.columns(), this.style);
    this.terminal.write(`\n${lines.join('\n')}\n`);
    this.summary = undefined;
  }

  private columns(): number {
    return this.terminal.columns || COLUMNS;
  }

  private lines(): string[] {
    const columns = this.columns();
    // Terminals that nobody has given a size report 0.
    const rows = this.terminal.rows || ROWS;
    const { workers } = this.progress;
    const most = this.look.workers === true ? Math.min(MAX_WORKER_LINES, rows - 1 - LOG_LINES) : 0;
    return [progressLine(this.progress, columns, this.style), ...workerLines(workers, columns, most, this.style)];
  }

  private show(): void {
    this.shown = this.newBars();
    this.bars = this.lines().map((line) => this.shown!.create(1, 0, { line }));
    this.shown.update();
  }

  private hide(): void {
    this.shown?.stop();
    this.shown = undefined;
    this.bars = [];
  }
}

async function createTheme({ color = false, unicode = false }: BarOptions): Promise<Theme> {
  const signs = unicode ? UNICODE : ASCII;
  if (!color) return { ...signs, paint: (_kind, text) => text };
  const { Chalk } = await import('chalk');
  // The caller has decided whether colors are wanted.
  const chalk = new Chalk({ level: 1 });
  const paints = {
    good: chalk.green,
    bad: chalk.red,
    idle: chalk.dim,
    plain: (text: string) => text,
    done: chalk.cyan,
    rest: chalk.dim,
  };
  return { ...signs, paint: (kind, text) => (text === '' ? '' : paints[kind](text)) };
}

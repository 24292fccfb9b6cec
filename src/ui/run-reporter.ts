/** Shows a run: the lines of the log, the progress, and the lines of the `--machine` file. */
import { errorMessage, ToolError } from '../core/errors.js';
import type { EngineEvent } from '../core/events.js';
import { errorEvent, type Log } from '../core/log.js';
import type { RunContext } from '../core/run-context.js';
import type { FrontEnd } from './hints.js';
import { MachineFile } from './machine-file.js';
import { formatCommonEvent, type EventLine } from './messages/common.js';
import type { ProgressDisplay } from './progress/display.js';
import type { ProgressSignal } from './progress/progress-signal.js';
import { ProgressReporter, type ProgressSource, type ProgressStyle } from './progress/reporter.js';

/** What differs between the directions. */
export interface RunPresentation<Counters> {
  /** The run in error messages: `backup`. */
  name: string;
  format(event: EngineEvent, context: { frontEnd: FrontEnd; hosts: string }): EventLine[];
  /** The line of the `--machine` file that an event makes. */
  machineLine(event: EngineEvent): string | undefined;
  progressStyle: ProgressStyle<Counters>;
}

export interface RunReporterOptions<Counters> {
  presentation: RunPresentation<Counters>;
  log: Log;
  frontEnd: FrontEnd;
  /** The hosts as the user gave them. */
  hosts: string;
  signal: AbortSignal;
  /** The `--machine` file, which is appended to; absent = none. */
  machinePath?: string | undefined;
  /** Shows the progress in place of the lines of the log. */
  display?: ProgressDisplay | undefined;
  /** Asks for the progress out of turn. */
  requests?: ProgressSignal | undefined;
}

export class RunReporter<Counters> {
  private source: ProgressSource<Counters> | undefined;
  private progress: ProgressReporter<Counters> | undefined;
  private machine: MachineFile | undefined;

  constructor(private readonly options: RunReporterOptions<Counters>) {}

  /** The part of the context that shows the run. */
  get context(): Pick<RunContext, 'emit' | 'connected' | 'redact'> {
    const { redact } = this.options.log;
    return {
      emit: (event) => this.emit(event),
      connected: () => this.openMachineFile(),
      ...(redact === undefined ? {} : { redact }),
    };
  }

  /** To be called with the run right after it was started. */
  observe(run: ProgressSource<Counters>): void {
    this.source = run;
  }

  /**
   * Settles as `result` does, once the last machine line is written. A machine file that cannot be written fails last.
   */
  async finish<T>(result: Promise<T>): Promise<T> {
    const { log, presentation } = this.options;
    let value: T;
    try {
      value = await result;
    } catch (error) {
      await this.machine?.close().catch((failure: unknown) => log.error(errorEvent(failure)));
      throw error;
    }
    await this.machine?.close().catch((failure: unknown) => {
      const reason = errorMessage(failure).replace(/\.$/, '');
      const text = `${reason}. Nothing else went wrong: the ${presentation.name} is complete`;
      throw new ToolError('MACHINE_FILE', text, { cause: failure });
    });
    return value;
  }

  private emit(event: EngineEvent): void {
    const { log, presentation, frontEnd, hosts } = this.options;
    const common = formatCommonEvent(event, frontEnd);
    const lines = common === undefined ? presentation.format(event, { frontEnd, hosts }) : [common];
    for (const { level, line } of lines) log[level](line, event.worker);
    if (event.type === 'transfer.started') this.startProgress();
    else if (event.type === 'transfer.ended') this.progress?.end();
    const machineLine = this.machine === undefined ? undefined : presentation.machineLine(event);
    if (machineLine !== undefined) this.machine?.line(machineLine);
  }

  private async openMachineFile(): Promise<void> {
    const { machinePath, signal } = this.options;
    if (machinePath !== undefined) this.machine = await MachineFile.open(machinePath, signal);
  }

  private startProgress(): void {
    const { source } = this;
    if (source === undefined) return;
    const { presentation, log, display, requests } = this.options;
    this.progress = new ProgressReporter({
      source,
      style: presentation.progressStyle,
      log,
      machine: (line) => this.machine?.line(line),
      display,
      requests,
    });
    this.progress.begin();
  }
}

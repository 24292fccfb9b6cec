/** Shows a restore or a validation: the lines of the log, the progress, and the lines of the `--machine` file. */
import { errorMessage, ToolError } from '../core/errors.js';
import type { EngineEvent } from '../core/events.js';
import type { RestoreTotals } from '../core/events/restore.js';
import { errorEvent, type Log } from '../core/log.js';
import type { RunProgress } from '../core/run.js';
import type { FrontEnd } from './hints.js';
import { machineRestoreSummaryText } from './machine-format.js';
import { MachineFile } from './machine-file.js';
import { formatCommonEvent } from './messages/common.js';
import { formatRestoreEvent, type RestoreLineContext } from './messages/restore.js';
import type { ProgressDisplay } from './progress/display.js';
import type { ProgressSignal } from './progress/progress-signal.js';
import { RestoreProgress } from './progress/restore-progress.js';

/** What a run shows of itself at any time. */
export interface ObservedRun {
  counters(): Pick<RestoreTotals, 'records' | 'bytes' | 'sindexes' | 'udfs'> & Partial<RestoreTotals>;
  progress(): RunProgress;
}

export interface RestoreReporterOptions {
  /** The run in error messages: `restore`, `validation`. */
  name: string;
  log: Log;
  frontEnd: FrontEnd;
  /** The host list as the user gave it. */
  hosts: string;
  signal: AbortSignal;
  /** The `--machine` file, which is appended to; absent = none. */
  machinePath?: string | undefined;
  /** Shows the progress in place of the counter lines, except for the last ones. */
  display?: ProgressDisplay | undefined;
  /** Asks for the progress out of turn. */
  requests?: ProgressSignal | undefined;
}

const OPTION_NAMES: Record<'cli' | 'api', RestoreLineContext['optionNames']> = {
  cli: { noGeneration: '--no-generation', unique: '--unique' },
  api: { noGeneration: 'noGeneration', unique: 'unique' },
};

export class RestoreReporter {
  private run: ObservedRun | undefined;
  private progress: RestoreProgress | undefined;
  private machine: MachineFile | undefined;

  constructor(private readonly options: RestoreReporterOptions) {}

  /** To be called with the run right after it has been started. */
  observe(run: ObservedRun): void {
    this.run = run;
  }

  /** For RunContext.emit. */
  readonly emit = (event: EngineEvent): void => {
    const { log, frontEnd, hosts } = this.options;
    const context = { hosts, optionNames: OPTION_NAMES[frontEnd === 'cli' ? 'cli' : 'api'] };
    const found = formatCommonEvent(event, frontEnd) ?? formatRestoreEvent(event, context);
    if (found !== undefined) log[found.level](found.line, event.worker);
    switch (event.type) {
      case 'transfer.started':
        this.startProgress();
        break;
      case 'transfer.ended':
        this.progress?.stop();
        break;
      case 'restore.summary':
        this.machine?.line(machineRestoreSummaryText(event));
        break;
      case 'validate.summary':
        this.machine?.line(machineRestoreSummaryText(toTotals(event)));
        break;
      default:
    }
  };

  /** For RunContext.connected. Throws MachineFileError, or the signal's reason. */
  readonly connected = async (): Promise<void> => {
    const { machinePath, signal } = this.options;
    if (machinePath !== undefined) this.machine = await MachineFile.open(machinePath, signal);
  };

  /**
   * Settles as `result` does, when the last machine line is written. A machine file that cannot be written to fails
   * last.
   */
  async finish<T>(result: Promise<T>): Promise<T> {
    const { log, name } = this.options;
    let value: T;
    try {
      value = await result;
    } catch (error) {
      await this.machine?.close().catch((failure: unknown) => log.error(errorEvent(failure)));
      throw error;
    }
    await this.machine?.close().catch((failure: unknown) => {
      const text = `${errorMessage(failure).replace(/\.$/, '')}. Nothing else went wrong: the ${name} is complete`;
      throw new ToolError('MACHINE_FILE', text, { cause: failure });
    });
    return value;
  }

  private startProgress(): void {
    const { run } = this;
    if (run === undefined) return;
    const { log, display, requests } = this.options;
    this.progress = new RestoreProgress({
      read: () => {
        const { expectedBytes, workers } = run.progress();
        return {
          ...toTotals(run.counters()),
          expectedBytes,
          workers: workers.map(({ records, bytes, activity }) => ({
            records,
            bytes,
            doing: activity?.kind === 'file' ? activity.name : undefined,
          })),
        };
      },
      log,
      machine: (line) => this.machine?.line(line),
      ...(display === undefined ? {} : { display }),
      ...(requests === undefined ? {} : { requests }),
    });
    this.progress.start();
  }
}

/** A validation writes nothing: the counters of writes are 0. */
function toTotals(counts: ReturnType<ObservedRun['counters']>): RestoreTotals {
  const { records, bytes, sindexes, udfs } = counts;
  const { expired = 0, skipped = 0, ignored = 0, inserted = 0, existed = 0, fresher = 0, retries = 0 } = counts;
  return { records, bytes, sindexes, udfs, expired, skipped, ignored, inserted, existed, fresher, retries };
}

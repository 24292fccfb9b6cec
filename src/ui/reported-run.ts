/** The life of a run: its context, its reports, and the end of its storages. */
import { createProcessLimits, type RunContext } from '../core/run-context.js';
import { createRunId, type Run } from '../core/run.js';
import { RunReporter, type RunReporterOptions } from './run-reporter.js';

export interface ReportedRunOptions<Counters> extends RunReporterOptions<Counters> {
  /** Closed when the run has ended. */
  storages: { close(): Promise<void> };
  /** As `RunContext.ownsThread`. */
  ownsThread?: boolean;
}

/** Reports a run that was just started; settles as its result does, once everything is reported. */
export type FollowRun<Counters> = <Result>(run: Run<Result, Counters>) => Promise<Result>;

/**
 * Calls `work` with a new context whose events are reported, and closes the storages when it has settled. `work` gives
 * the run that it starts to `follow`.
 */
export async function reportRun<Counters, T>(
  { storages, ownsThread = false, ...options }: ReportedRunOptions<Counters>,
  work: (context: RunContext, follow: FollowRun<Counters>) => Promise<T>,
): Promise<T> {
  const reporter = new RunReporter(options);
  const { signal } = options;
  const context = {
    runId: createRunId(),
    signal,
    limits: createProcessLimits(),
    ownsThread,
    ...reporter.context,
  };
  try {
    return await work(context, (run) => {
      reporter.observe(run);
      return reporter.finish(run.result);
    });
  } finally {
    await storages.close();
  }
}

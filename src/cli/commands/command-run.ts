/** The run that a command starts: reported on the log and the screen. */
import type { RunContext } from '../../core/run-context.js';
import type { Run } from '../../core/run.js';
import { type FollowRun, reportRun, type ReportedRunOptions } from '../../ui/reported-run.js';
import type { RunPresentation } from '../../ui/run-reporter.js';
import type { Summary } from '../../ui/summary.js';
import type { CliSession } from '../command.js';

/** What each command's configuration has for the reports of its run. */
export type ReportedCommand = Pick<ReportedRunOptions<never>, 'storages' | 'machinePath'> & { hostText: string };

export interface SummarizedRun<Result, Counters> {
  presentation: RunPresentation<Counters>;
  start: (context: RunContext) => Run<Result, Counters>;
  summarize: (result: Result, complete: boolean) => Summary;
  /** Of a run that has begun and is not complete: the error holds the result until then. Absent = no such error. */
  incomplete?: new (...args: never[]) => Error & { readonly result: Result };
}

/** Settles as `work` does, which gets the context of the run. */
export async function runReported<Counters>(
  { storages, machinePath, hostText: hosts }: ReportedCommand,
  { log, signal, display, progressRequests: requests }: CliSession,
  presentation: RunPresentation<Counters>,
  work: (context: RunContext, follow: FollowRun<Counters>) => Promise<void>,
): Promise<void> {
  const options = {
    storages,
    presentation,
    log,
    frontEnd: 'cli',
    hosts,
    signal,
    machinePath,
    display,
    requests,
    ownsThread: true,
  } as const;
  await reportRun(options, work);
}

/** Rejects as the run does; the summary of an incomplete run is shown before. */
export async function runSummarized<Result, Counters>(
  command: ReportedCommand,
  session: CliSession,
  { presentation, start, summarize, incomplete }: SummarizedRun<Result, Counters>,
): Promise<void> {
  const show = (result: Result, complete: boolean): void => session.display?.summarize?.(summarize(result, complete));
  await runReported(command, session, presentation, async (context, follow) => {
    try {
      show(await follow(start(context)), true);
    } catch (error) {
      if (incomplete !== undefined && error instanceof incomplete) show(error.result, false);
      throw error;
    }
  });
}
